// The conversation with the server once there are keys: greeting, its frames and their answers, heartbeats, what is told unasked.

#ifndef TICKFORGE_SESSION
#define TICKFORGE_SESSION

#include <Tickforge/Calendar.mqh>
#include <Tickforge/Desk.mqh>
#include <Tickforge/Facts.mqh>
#include <Tickforge/Identity.mqh>

struct Settings
  {
   string            server;
   string            code;
   string            thumbprint;
   string            symbols;
   int               slot;
   int               ringTicks;
   Caps              caps;
   bool              killed;
   bool              deadManFlattens;
   uint              backoffMinMs;
   uint              backoffMaxMs;
  };

// What the server sets when it welcomes.
struct ServerLimits
  {
   long              heartbeatMs;
   long              silentMsMax;
   // 0 for never.
   long              flattenAfterMs;
   long              scanMs;
   long              calendarHours;
  };

class Session
  {
protected:
   Settings          m_settings;
   Identity          m_identity;
   string            m_status;
   Link              m_link;
   TickRing          m_ring;
   TickDrain         m_drain;
   ServerClock       m_clock;
   Desk              m_desk;
   Reporter          m_reporter;
   CalendarFeed      m_calendar;
   Authority         m_authority;
   ServerLimits      m_limits;
   bool              m_greeted;
   bool              m_welcomed;
   bool              m_everWelcomed;
   bool              m_dirty;
   ulong             m_greetedAt;
   ulong             m_nextBeat;
   long              m_beat;
   ulong             m_beatSent;
   ulong             m_nextScan;
   string            m_refusedId;

   void              LeaveSession(void)
     {
      m_greeted=false;
      m_welcomed=false;
      m_authority.fenced=false;
      m_authority.reconciled=false;
     }

   void              Greet(void)
     {
      JsonWriter json;
      m_greeted=true;
      m_greetedAt=GetTickCount64();
      if(!m_link.ByToken())
        {
         m_link.Begin(json,"enrol");
         WriteIdentity(json,m_identity);
         m_link.Send(json);
         return;
        }
      m_link.Begin(json,"hello");
      WriteTerminal(json);
      json.Text("boot",m_ring.Boot());
      json.Number("slot",m_settings.slot);
      WriteIdentity(json,m_identity);
      json.OpenList("symbols");
      for(int i=0; i<m_drain.Total(); i++)
         WriteSymbol(json,m_drain.Name(i));
      json.CloseList();
      m_ring.WriteStreams(json);
      json.Number("epoch",m_desk.Epoch());
      json.Number("commandSeq",m_desk.CommandSeq());
      json.Flag("killed",m_desk.Killed());
      WriteFigures(json,"figures");
      m_link.Send(json);
     }

   bool              Complete(JsonReader &json)
     {
      json.NoMore(0);
      if(StringLen(json.Fault())==0)
         return(true);
      m_link.SendError("bad-frame",json.Fault());
      return(false);
     }

   bool              TakeToken(JsonReader &json)
     {
      int token=json.Object(0,"token");
      Credential credential;
      credential.kind="token";
      credential.id=json.Text(token,"id",32);
      credential.secret=json.Text(token,"secret",128);
      json.Number(token,"expiresAtMs",0,9999999999999);
      if(StringLen(json.Fault())==0 && StringLen(credential.secret)<22)
        {
         m_link.SendError("bad-frame","a token without secret");
         return(false);
        }
      json.NoMore(token);
      if(!Complete(json))
         return(false);
      if(!SaveToken(m_identity,credential))
        {
         m_link.SendError("storage-failed","the token could not be written down");
         return(false);
        }
      JsonWriter answer;
      if(m_link.ByToken())
        {
         m_link.Begin(answer,"token-kept");
         answer.Text("id",credential.id);
         m_link.Send(answer);
        }
      return(true);
     }

   void              TakeAcks(JsonReader &json)
     {
      int list=json.List(0,"acks");
      int item=(list<0 ? -1 : json.NextItem(list,list));
      while(item>=0 && StringLen(json.Fault())==0)
        {
         string boot=json.Text(item,"boot",16);
         string symbol=json.Text(item,"symbol",31);
         long seq=json.Number(item,"seq",0,9007199254740991);
         json.NoMore(item);
         if(StringLen(json.Fault())==0)
            m_ring.Acknowledge(boot,symbol,(ulong)seq);
         item=json.NextItem(list,item);
        }
     }

   bool              ReadMode(JsonReader &json,string &mode)
     {
      mode=json.Text(0,"mode",8);
      if(StringLen(json.Fault())==0 && mode!="active" && mode!="reduce" && mode!="halt")
        {
         m_link.SendError("bad-frame","mode is unknown");
         return(false);
        }
      return(true);
     }

   void              Welcome(JsonReader &json)
     {
      json.Text(0,"session",64);
      long serverMs=json.Number(0,"serverMs",0,9999999999999);
      int limits=json.Object(0,"limits");
      m_limits.heartbeatMs=json.Number(limits,"heartbeatMs",20,60000);
      m_limits.silentMsMax=json.Number(limits,"silentMsMax",50,600000);
      m_limits.flattenAfterMs=0;
      if(!json.IsNull(limits,"flattenAfterMs"))
         m_limits.flattenAfterMs=json.Number(limits,"flattenAfterMs",100,86400000);
      m_authority.clockAgeMsMax=json.Number(limits,"clockAgeMsMax",50,60000);
      m_limits.scanMs=json.Number(limits,"scanMs",50,600000);
      m_limits.calendarHours=json.Number(limits,"calendarHours",0,336);
      json.NoMore(limits);
      long dealsSince=json.Number(0,"dealsSinceBrokerMs",0,9999999999999);
      string mode="";
      if(!ReadMode(json,mode))
         return;
      TakeAcks(json);
      if(!Complete(json))
         return;
      m_authority.mode=mode;
      m_clock.Forget();
      m_clock.Learn(serverMs,m_greetedAt);
      m_welcomed=true;
      m_everWelcomed=true;
      m_status="connected";
      m_nextBeat=0;
      m_nextScan=GetTickCount64()+(ulong)m_limits.scanMs;
      m_calendar.Restart();
      m_ring.Rewind();
      m_desk.Snapshot(m_link,m_reporter,dealsSince);
      if(m_desk.Killed())
         m_desk.TellKilled(m_link,m_desk.KilledBy());
     }

   void              Heartbeat(JsonReader &json)
     {
      long beat=(json.IsNull(0,"beat") ? 0 : json.Number(0,"beat",1,9007199254740991));
      long serverMs=json.Number(0,"serverMs",0,9999999999999);
      if(Complete(json) && beat>0 && beat==m_beat)
         m_clock.Learn(serverMs,m_beatSent);
     }

   // Frames that come before a welcome; false for all others.
   bool              HandleEarly(JsonReader &json,const string type)
     {
      if(type=="welcome" && !m_welcomed && m_link.ByToken())
        {
         Welcome(json);
         return(true);
        }
      if(type=="enrolled" && !m_link.ByToken())
        {
         if(TakeToken(json))
           {
            m_link.Drop(WS_NORMAL,"enrolled");
            m_link.DialAtOnce();
           }
         return(true);
        }
      if(type!="refuse")
         return(false);
      string code=json.Text(0,"code",32);
      Refused(code);
      m_link.Drop(WS_NORMAL,"refused by the server: "+code+", "+json.Text(0,"words",256));
      return(true);
     }

   void              Refused(const string code)
     {
      if(code=="unknown-credential" || code=="expired")
        {
         Credential used=m_link.Used();
         m_refusedId=used.id;
        }
     }

   void              Handle(JsonReader &json,const string type)
     {
      if(HandleEarly(json,type))
         return;
      if(!m_welcomed)
         m_link.SendError("unknown-frame",type+" before a welcome");
      else
         if(type=="order" || type=="modify" || type=="close" || type=="close-by" || type=="cancel")
           {
            Refresh();
            m_desk.Handle(m_link,json,type,m_clock,m_authority,m_drain,m_ring);
           }
         else
            if(type=="ack")
              {
               TakeAcks(json);
               Complete(json);
              }
            else
               if(type=="heartbeat")
                  Heartbeat(json);
               else
                  HandleRare(json,type);
     }

   void              HandleRare(JsonReader &json,const string type)
     {
      if(type=="fence")
        {
         long epoch=json.Number(0,"epoch",1,9007199254740991);
         if(Complete(json))
            m_authority.fenced=m_desk.Fence(m_link,epoch);
         return;
        }
      if(type=="mode")
        {
         string mode="";
         json.Text(0,"words",256);
         if(ReadMode(json,mode) && Complete(json))
            m_authority.mode=mode;
         return;
        }
      if(type=="token")
        {
         TakeToken(json);
         return;
        }
      if(type=="resync")
        {
         long since=json.Number(0,"dealsSinceBrokerMs",0,9999999999999);
         if(Complete(json))
            m_desk.Snapshot(m_link,m_reporter,since);
         return;
        }
      if(type=="reconciled")
         m_authority.reconciled=Complete(json);
      else
         m_link.SendError("unknown-frame",Cut(type,64));
     }

   // What a command is judged by.
   void              Refresh(void)
     {
      m_authority.silent=(GetTickCount64()-m_link.Heard()>(ulong)m_limits.silentMsMax);
      m_desk.Watch();
     }

   void              Beat(void)
     {
      ulong now=GetTickCount64();
      if(now<m_nextBeat)
         return;
      m_nextBeat=now+(ulong)m_limits.heartbeatMs;
      m_beat++;
      m_beatSent=now;
      JsonWriter json;
      m_link.Begin(json,"heartbeat");
      json.Number("beat",m_beat);
      json.Number("monotonicMs",(long)now);
      json.Number("terminalMs",(long)TimeGMT()*1000);
      json.Number("brokerMs",(long)TimeTradeServer()*1000);
      json.Flag("connected",TerminalInfoInteger(TERMINAL_CONNECTED)!=0);
      json.Flag("tradeAllowed",TradeAllowed());
      json.Number("pingMicros",TerminalInfoInteger(TERMINAL_PING_LAST));
      json.Number("unacked",m_ring.Unacked());
      if(m_clock.Age()<0)
         json.Null("clockAgeMs");
      else
         json.Number("clockAgeMs",m_clock.Age());
      m_link.Send(json);
      m_reporter.TellFigures(m_link);
     }

   void              Scan(void)
     {
      ulong now=GetTickCount64();
      if(!m_dirty && now<m_nextScan)
         return;
      m_dirty=false;
      m_nextScan=now+(ulong)m_limits.scanMs;
      m_reporter.TellChanges(m_link);
      m_desk.LookUp(m_link);
     }

   void              Receive(void)
     {
      JsonReader json;
      string type="";
      while(m_link.Next(json,type))
         Handle(json,type);
     }

public:
                     Session(void)
     {
      m_greeted=false;
      m_welcomed=false;
      m_everWelcomed=false;
      m_dirty=false;
      m_greetedAt=0;
      m_nextBeat=0;
      m_beat=0;
      m_beatSent=0;
      m_nextScan=0;
      ZeroMemory(m_authority);
      m_authority.mode="halt";
      ZeroMemory(m_limits);
     }
  };

#endif
