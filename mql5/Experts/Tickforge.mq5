// The terminal's side of Tickforge: streams ticks, carries out orders under local caps, and tells what the account holds. How to
// install it and what each input means: mql5/README.md.

#property copyright "Tickforge"
#property version   "1.00"
#property description "Connects this terminal to a Tickforge server."

#include <Tickforge/Station.mqh>

input group "Connection"
input string InpServer="ws://127.0.0.1:8001/mt5"; // Server: wss://host[:port]/path, ws:// on this machine only
input string InpCode="";                          // One-time code of the enrolment
input string InpTlsThumbprint="";                 // SHA-1 of the server's certificate, to accept no other
input int    InpConnection=0;                     // Connection 0 to 4, another on each chart
input string InpSymbols="";                       // Symbols, by comma; empty: the market watch

input group "Caps"
input double InpMaxVolume=1.0;                    // Lots of one order
input int    InpMaxPositions=10;                  // Positions and pending orders at once
input int    InpMaxOrdersPerMinute=30;            // Orders in a minute
input double InpMaxDayLoss=0;                     // Loss of a broker day in account currency, 0: none
input bool   InpStopRequired=true;                // Entries must bring a stop loss

input group "Safety"
input bool   InpKillSwitch=false;                 // Block entries
input bool   InpDeadManFlatten=false;             // Close own positions when the server is silent for too long

input group "Tuning"
input int    InpTimerMs=16;                       // Turn of the timer
input int    InpRingTicks=50000;                  // Ticks kept until acknowledged
input int    InpBackoffMinMs=1000;                // First wait before dialling again
input int    InpBackoffMaxMs=30000;               // Longest wait before dialling again

Station g_station;

bool SensibleInputs(void)
  {
   return(InpConnection>=0 && InpConnection<CONNECTIONS_MAX && InpMaxVolume>0 && InpMaxPositions>0 &&
          InpMaxOrdersPerMinute>0 && InpMaxOrdersPerMinute<SENDS_MAX && InpMaxDayLoss>=0 && InpTimerMs>=1 && InpTimerMs<=1000 &&
          InpRingTicks>=10 && InpRingTicks<=1000000 && InpBackoffMinMs>=1 && InpBackoffMaxMs>=InpBackoffMinMs);
  }

int OnInit(void)
  {
   Settings settings;
   string fault="an input is out of its range";
   settings.server=InpServer;
   settings.code=InpCode;
   settings.thumbprint=InpTlsThumbprint;
   settings.symbols=InpSymbols;
   settings.slot=InpConnection;
   settings.ringTicks=InpRingTicks;
   settings.caps.volume=InpMaxVolume;
   settings.caps.positions=InpMaxPositions;
   settings.caps.ordersPerMinute=InpMaxOrdersPerMinute;
   settings.caps.dayLoss=InpMaxDayLoss;
   settings.caps.stopRequired=InpStopRequired;
   settings.killed=InpKillSwitch;
   settings.deadManFlattens=InpDeadManFlatten;
   settings.backoffMinMs=(uint)InpBackoffMinMs;
   settings.backoffMaxMs=(uint)InpBackoffMaxMs;
   // The strategy tester has no sockets.
   if(MQLInfoInteger(MQL_TESTER)!=0)
     {
      Print("Tickforge: it needs a live terminal, not the strategy tester");
      return(INIT_FAILED);
     }
   if(!SensibleInputs() || !g_station.Start(settings,fault))
     {
      Print("Tickforge: "+fault);
      return(INIT_PARAMETERS_INCORRECT);
     }
   if(!EventSetMillisecondTimer(InpTimerMs))
     {
      Print("Tickforge: no timer");
      return(INIT_FAILED);
     }
   return(INIT_SUCCEEDED);
  }

void OnDeinit(const int reason)
  {
   EventKillTimer();
   g_station.Stop();
  }

void OnTick(void)
  {
   g_station.Tick(_Symbol);
  }

void OnTimer(void)
  {
   g_station.Turn();
  }

void OnTradeTransaction(const MqlTradeTransaction &transaction,const MqlTradeRequest &request,const MqlTradeResult &result)
  {
   g_station.TradeHappened();
  }

void OnChartEvent(const int id,const long &lparam,const double &dparam,const string &sparam)
  {
   if(id==CHARTEVENT_OBJECT_CLICK)
      g_station.Click(sparam);
  }
