// What the terminal says of itself, its account and its symbols when it greets.

#ifndef TICKFORGE_FACTS
#define TICKFORGE_FACTS

#include <Tickforge/Book.mqh>
#include <Tickforge/Identity.mqh>
#include <Tickforge/Limits.mqh>

string ExecutionText(const long mode)
  {
   switch((int)mode)
     {
      case SYMBOL_TRADE_EXECUTION_REQUEST:
         return("request");
      case SYMBOL_TRADE_EXECUTION_INSTANT:
         return("instant");
      case SYMBOL_TRADE_EXECUTION_MARKET:
         return("market");
      default:
         return("exchange");
     }
  }

string TradeModeText(const long mode)
  {
   switch((int)mode)
     {
      case SYMBOL_TRADE_MODE_LONGONLY:
         return("long-only");
      case SYMBOL_TRADE_MODE_SHORTONLY:
         return("short-only");
      case SYMBOL_TRADE_MODE_CLOSEONLY:
         return("close-only");
      case SYMBOL_TRADE_MODE_FULL:
         return("full");
      default:
         return("disabled");
     }
  }

// Sessions of all days of the week, of quotes or of trade.
void WriteSessions(JsonWriter &json,const string name,const string symbol,const bool trade)
  {
   json.OpenList(name);
   for(int day=0; day<7; day++)
      for(uint index=0; index<10; index++)
        {
         datetime from=0;
         datetime to=0;
         ENUM_DAY_OF_WEEK weekday=(ENUM_DAY_OF_WEEK)day;
         bool there=(trade ? SymbolInfoSessionTrade(symbol,weekday,index,from,to) :
                     SymbolInfoSessionQuote(symbol,weekday,index,from,to));
         if(!there)
            break;
         // An end at midnight comes as the next day's beginning.
         long end=(long)to;
         if(end>86400)
            end=86400;
         json.Raw("",StringFormat("[%d,%I64d,%I64d]",day,(long)from%86400,end));
        }
   json.CloseList();
  }

void WriteSymbol(JsonWriter &json,const string symbol)
  {
   json.Open("");
   json.Text("symbol",symbol);
   json.Text("description",Cut(SymbolInfoString(symbol,SYMBOL_DESCRIPTION),256));
   json.Number("digits",SymbolInfoInteger(symbol,SYMBOL_DIGITS));
   json.Text("point",Plain(SymbolInfoDouble(symbol,SYMBOL_POINT),8));
   json.Text("tickSize",Plain(SymbolInfoDouble(symbol,SYMBOL_TRADE_TICK_SIZE),8));
   json.Text("tickValue",Plain(SymbolInfoDouble(symbol,SYMBOL_TRADE_TICK_VALUE),8));
   json.Text("contractSize",Plain(SymbolInfoDouble(symbol,SYMBOL_TRADE_CONTRACT_SIZE),8));
   json.Text("volumeMin",Plain(SymbolInfoDouble(symbol,SYMBOL_VOLUME_MIN),8));
   json.Text("volumeMax",Plain(SymbolInfoDouble(symbol,SYMBOL_VOLUME_MAX),8));
   json.Text("volumeStep",Plain(SymbolInfoDouble(symbol,SYMBOL_VOLUME_STEP),8));
   json.Text("volumeLimit",Plain(SymbolInfoDouble(symbol,SYMBOL_VOLUME_LIMIT),8));
   json.Number("stopsLevelPoints",SymbolInfoInteger(symbol,SYMBOL_TRADE_STOPS_LEVEL));
   json.Number("freezeLevelPoints",SymbolInfoInteger(symbol,SYMBOL_TRADE_FREEZE_LEVEL));
   json.Number("fillingMask",SymbolInfoInteger(symbol,SYMBOL_FILLING_MODE));
   json.Text("execution",ExecutionText(SymbolInfoInteger(symbol,SYMBOL_TRADE_EXEMODE)));
   json.Number("orderMask",SymbolInfoInteger(symbol,SYMBOL_ORDER_MODE));
   json.Number("expirationMask",SymbolInfoInteger(symbol,SYMBOL_EXPIRATION_MODE));
   json.Text("tradeMode",TradeModeText(SymbolInfoInteger(symbol,SYMBOL_TRADE_MODE)));
   json.Text("currencyBase",SymbolInfoString(symbol,SYMBOL_CURRENCY_BASE));
   json.Text("currencyProfit",SymbolInfoString(symbol,SYMBOL_CURRENCY_PROFIT));
   json.Text("currencyMargin",SymbolInfoString(symbol,SYMBOL_CURRENCY_MARGIN));
   WriteSessions(json,"quoteSessions",symbol,false);
   WriteSessions(json,"tradeSessions",symbol,true);
   json.Close();
  }

// The trade server's offset to UTC as the terminal has it, to the quarter of an hour.
long BrokerOffsetSeconds(void)
  {
   long difference=(long)TimeTradeServer()-(long)TimeGMT();
   long quarters=(long)MathRound((double)difference/900.0);
   return(MathAbs(quarters)>96 ? 0 : quarters*900);
  }

void WriteTerminal(JsonWriter &json)
  {
   json.Number("v",PROTOCOL_VERSION);
   json.Text("eaVersion",EA_VERSION);
   json.Number("terminalBuild",TerminalInfoInteger(TERMINAL_BUILD));
   json.Text("currency",AccountInfoString(ACCOUNT_CURRENCY));
   json.Number("currencyDigits",AccountInfoInteger(ACCOUNT_CURRENCY_DIGITS));
   json.Number("leverage",AccountInfoInteger(ACCOUNT_LEVERAGE));
   json.Text("company",Cut(AccountInfoString(ACCOUNT_COMPANY),256));
   json.Number("brokerOffsetSeconds",BrokerOffsetSeconds());
   json.Number("monotonicMs",(long)GetTickCount64());
  }

#endif
