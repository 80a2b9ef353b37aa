// A command of the server's, read strictly.

#ifndef TICKFORGE_COMMAND
#define TICKFORGE_COMMAND

#include <Tickforge/JsonReader.mqh>

struct Command
  {
   // `order`, `modify`, `close`, `close-by` or `cancel`.
   string            kind;
   string            intentId;
   ulong             magic;
   long              epoch;
   long              commandSeq;
   long              expiresAtMs;
   ulong             received;
   string            symbol;
   bool              buy;
   // `market`, `limit`, `stop` or `stop-limit`.
   string            type;
   double            volume;
   double            price;
   double            stopLimitPrice;
   double            sl;
   double            tp;
   ulong             deviationPoints;
   // 0 for any.
   long              quoteAgeMsMax;
   // -1 for any.
   long              spreadPointsMax;
   string            timeInForce;
   long              untilBrokerMs;
   // A position or an order.
   ulong             target;
   bool              ofPosition;
   ulong             by;
  };

void ClearCommand(Command &command)
  {
   command.kind="";
   command.intentId="";
   command.magic=0;
   command.epoch=0;
   command.commandSeq=0;
   command.expiresAtMs=0;
   command.received=0;
   command.symbol="";
   command.buy=false;
   command.type="market";
   command.volume=0;
   command.price=0;
   command.stopLimitPrice=0;
   command.sl=0;
   command.tp=0;
   command.deviationPoints=0;
   command.quoteAgeMsMax=0;
   command.spreadPointsMax=-1;
   command.timeInForce="gtc";
   command.untilBrokerMs=0;
   command.target=0;
   command.ofPosition=false;
   command.by=0;
  }

bool IsIntentId(const string text)
  {
   int length=StringLen(text);
   for(int i=0; i<length; i++)
     {
      ushort unit=StringGetCharacter(text,i);
      bool plain=(IsDigit(unit) || (unit>='a' && unit<='z') || (unit>='A' && unit<='Z') ||
                  unit=='_' || unit=='.' || unit==':' || unit=='/' || unit=='-');
      if(!plain)
         return(false);
     }
   return(length>0);
  }

void ReadQuoteAge(JsonReader &json,Command &command)
  {
   if(!json.IsNull(0,"quoteAgeMsMax"))
      command.quoteAgeMsMax=json.Number(0,"quoteAgeMsMax",1,600000);
  }

void ReadLevels(JsonReader &json,Command &command)
  {
   command.price=json.DecimalOrNull(0,"price");
   command.stopLimitPrice=json.DecimalOrNull(0,"stopLimitPrice");
   command.sl=json.DecimalOrNull(0,"sl");
   command.tp=json.DecimalOrNull(0,"tp");
  }

// Prices belong to types as the protocol says; empty when they do.
string WrongLevels(const Command &command)
  {
   bool market=(command.type=="market");
   bool stopLimit=(command.type=="stop-limit");
   if(!market && !stopLimit && command.type!="limit" && command.type!="stop")
      return("type is unknown");
   if(market!=(command.price==0) || stopLimit!=(command.stopLimitPrice>0))
      return("prices do not fit the type");
   bool until=(command.timeInForce=="until");
   if(!until && command.timeInForce!="gtc" && command.timeInForce!="day")
      return("timeInForce is unknown");
   if(until!=(command.untilBrokerMs>0))
      return("untilBrokerMs does not fit timeInForce");
   return("");
  }

void ReadOrder(JsonReader &json,Command &command,string &fault)
  {
   command.symbol=json.Text(0,"symbol",31);
   string side=json.Text(0,"side",4);
   command.buy=(side=="buy");
   command.type=json.Text(0,"type",10);
   command.volume=json.DecimalOrNull(0,"volume");
   ReadLevels(json,command);
   command.deviationPoints=(ulong)json.Number(0,"deviationPoints",0,100000);
   ReadQuoteAge(json,command);
   if(!json.IsNull(0,"spreadPointsMax"))
      command.spreadPointsMax=json.Number(0,"spreadPointsMax",0,INT_MAX);
   command.timeInForce=json.Text(0,"timeInForce",8);
   if(!json.IsNull(0,"untilBrokerMs"))
      command.untilBrokerMs=json.Number(0,"untilBrokerMs",1,9999999999999);
   fault=WrongLevels(command);
   if(side!="buy" && side!="sell")
      fault="side is unknown";
   if(command.volume==0)
      fault="volume is missing";
  }

// `json` holds a frame of type `kind`; an empty fault says that the command is whole.
void ReadCommand(JsonReader &json,const string kind,Command &command,string &fault)
  {
   ClearCommand(command);
   fault="";
   command.kind=kind;
   command.received=GetTickCount64();
   command.intentId=json.Text(0,"intentId",64);
   command.magic=json.Ticket(0,"magic");
   command.epoch=json.Number(0,"epoch",0,9007199254740991);
   command.commandSeq=json.Number(0,"commandSeq",1,9007199254740991);
   command.expiresAtMs=json.Number(0,"expiresAtMs",0,9999999999999);
   if(kind=="order")
      ReadOrder(json,command,fault);
   if(kind=="modify")
     {
      string target=json.Text(0,"target",8);
      command.ofPosition=(target=="position");
      command.target=json.Ticket(0,"ticket");
      ReadLevels(json,command);
      if(!command.ofPosition && (target!="order" || command.price==0))
         fault="target or price does not fit";
      if(command.ofPosition && (command.price>0 || command.stopLimitPrice>0))
         fault="a position has no price to change";
     }
   if(kind=="close")
     {
      command.ofPosition=true;
      command.target=json.Ticket(0,"position");
      command.volume=json.DecimalOrNull(0,"volume");
      command.deviationPoints=(ulong)json.Number(0,"deviationPoints",0,100000);
      ReadQuoteAge(json,command);
     }
   if(kind=="close-by")
     {
      command.ofPosition=true;
      command.target=json.Ticket(0,"position");
      command.by=json.Ticket(0,"by");
     }
   if(kind=="cancel")
      command.target=json.Ticket(0,"order");
   json.NoMore(0);
   // Numbers from 2^62 on are of the terminal's own intents.
   if(!IsIntentId(command.intentId) || command.magic>=4611686018427387904)
      fault="intentId or magic is not one of the server's";
   if(StringLen(json.Fault())>0)
      fault=json.Fault();
  }

#endif
