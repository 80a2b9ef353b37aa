// Carries out commands: refuses what must not go, writes the intent down, sends, reads the answer, tries again only where the answer
// proves that nothing happened. Whatever is ambiguous stays UNKNOWN and is looked up, never sent again.

#ifndef TICKFORGE_TRADER
#define TICKFORGE_TRADER

#include <Tickforge/Book.mqh>
#include <Tickforge/Clock.mqh>
#include <Tickforge/Drain.mqh>
#include <Tickforge/Guard.mqh>
#include <Tickforge/Intents.mqh>
#include <Tickforge/Requests.mqh>
#include <Tickforge/Retcodes.mqh>

// What else decides whether an entry may go.
struct Authority
  {
   // `active`, `reduce` or `halt`, as the server says.
   string            mode;
   bool              fenced;
   bool              reconciled;
   bool              silent;
   long              clockAgeMsMax;
   int               slot;
  };

struct Outcome
  {
   ExecutionClass    meaning;
   uint              retcode;
   int               retcodeExternal;
   string            words;
   ulong             order;
   ulong             deal;
   double            volume;
   double            price;
   double            bid;
   double            ask;
   int               tries;
   ulong             sent;
   ulong             answered;
  };

class Trader
  {
private:
   // The newest price of the side that is hit; false without one.
   bool              Price(MqlTradeRequest &request)
     {
      MqlTick tick;
      if(!SymbolInfoTick(request.symbol,tick))
         return(false);
      request.price=(request.type==ORDER_TYPE_BUY ? tick.ask : tick.bid);
      return(request.price>0);
     }

   // Age and spread of the quote that the order would meet.
   string            RefusesQuote(const Command &command,const string symbol,TickDrain &drain)
     {
      int index=drain.IndexOf(symbol);
      if(command.quoteAgeMsMax==0 && command.spreadPointsMax<0)
         return("");
      if(index<0)
         return("unknown-symbol");
      long age=drain.QuoteAge(index);
      if(command.quoteAgeMsMax>0 && (age<0 || age>command.quoteAgeMsMax))
         return("quote-too-old");
      double spread=drain.SpreadPoints(index);
      if(spread<0)
         return("quote-too-old");
      if(command.spreadPointsMax>=0 && spread>(double)command.spreadPointsMax+1e-6)
         return("spread-too-wide");
      return("");
     }

   string            RefusesTime(const Command &command,ServerClock &clock,const Authority &authority)
     {
      bool known=(clock.Age()>=0);
      bool fresh=(known && clock.Age()<=authority.clockAgeMsMax);
      // An exit does not wait for a clock; what is known to have expired has expired.
      if(!fresh && command.kind=="order")
         return("clock-unknown");
      return(known && clock.Latest()>command.expiresAtMs ? "expired" : "");
     }

   string            RefusesEntry(const Command &command,const Authority &authority,Guard &guard)
     {
      if(!SymbolInfoInteger(command.symbol,SYMBOL_SELECT))
         return("unknown-symbol");
      if(!VolumeFits(command.symbol,command.volume))
         return("bad-volume");
      string why=guard.RefusesEntry(command.volume,command.sl);
      if(StringLen(why)>0)
         return(why);
      if(authority.mode!="active")
         return("mode");
      if(authority.silent)
         return("server-silent");
      return(authority.reconciled ? "" : "not-reconciled");
     }

   void              SendOnce(MqlTradeRequest &request,Guard &guard,Outcome &outcome)
     {
      MqlTradeResult result;
      ZeroMemory(result);
      guard.CountSend();
      outcome.tries++;
      if(outcome.tries==1)
         outcome.sent=GetTickCount64();
      ResetLastError();
      bool sent=OrderSend(request,result);
      outcome.answered=GetTickCount64();
      outcome.retcode=result.retcode;
      outcome.retcodeExternal=result.retcode_external;
      outcome.words=(StringLen(result.comment)==0 && !sent ? StringFormat("error %d",GetLastError()) : result.comment);
      outcome.order=result.order;
      outcome.deal=result.deal;
      outcome.volume=result.volume;
      outcome.price=result.price;
      outcome.bid=result.bid;
      outcome.ask=result.ask;
      outcome.meaning=ClassOf(result.retcode);
     }

public:
   // The code with which a command is refused before anything is written or sent; empty when it may go.
   string            Refuses(const Command &command,const Authority &authority,ServerClock &clock,Guard &guard,
                             IntentBook &book,TickDrain &drain)
     {
      if(book.IndexOf(command.intentId)>=0)
         return("repeated");
      // Another connection of this terminal may have been fenced meanwhile.
      if(!book.ReadEpoch())
         return("storage-failed");
      if(command.epoch<book.Epoch())
         return("stale-epoch");
      // An exit under the last fenced epoch goes, even before a new connection was fenced.
      if(command.epoch<1 || command.epoch>book.Epoch() || (!authority.fenced && command.kind=="order"))
         return("not-fenced");
      string why=RefusesTime(command,clock,authority);
      if(StringLen(why)==0 && command.kind=="order")
         why=RefusesEntry(command,authority,guard);
      if(StringLen(why)==0 && command.kind=="order")
         why=RefusesQuote(command,command.symbol,drain);
      if(StringLen(why)==0 && command.kind=="close" && PositionSelectByTicket(command.target))
         why=RefusesQuote(command,PositionGetString(POSITION_SYMBOL),drain);
      if(StringLen(why)==0 && !TradeAllowed())
         why="trading-disabled";
      return(why);
     }

   // Sends until there is an answer that stands. `request` is filled, the intent is on disk.
   void              Send(const Command &command,MqlTradeRequest &request,ServerClock &clock,const Authority &authority,
                          Guard &guard,TickDrain &drain,TickRing &ring,Outcome &outcome)
     {
      bool atMarket=(request.action==TRADE_ACTION_DEAL);
      int tried=0;
      int reprices=0;
      bool again=true;
      bool refilled=false;
      if(atMarket && !ChooseFilling(request.symbol,tried,request.type_filling))
         request.type_filling=ORDER_FILLING_RETURN;
      while(again)
        {
         again=false;
         if(atMarket && !Price(request))
           {
            outcome.meaning=EXECUTION_REJECTED;
            outcome.words="no quote";
            return;
           }
         SendOnce(request,guard,outcome);
         if(outcome.meaning==EXECUTION_FILLING && !refilled)
           {
            refilled=true;
            again=(atMarket && ChooseFilling(request.symbol,tried,request.type_filling));
           }
         if(outcome.meaning==EXECUTION_REPRICED && atMarket && reprices<REPRICES_MAX)
           {
            reprices++;
            int index=drain.IndexOf(request.symbol);
            if(index>=0)
               drain.Drain(ring,index);
            again=(StringLen(RefusesTime(command,clock,authority))==0 && StringLen(RefusesQuote(command,request.symbol,drain))==0);
           }
        }
     }
  };

// Where an intent stands after an answer of the broker's.
IntentState StateAfter(const ExecutionClass meaning,const bool pending)
  {
   switch(meaning)
     {
      case EXECUTION_DONE:
         return(pending ? INTENT_WORKING : INTENT_DONE);
      case EXECUTION_NO_CHANGE:
         return(INTENT_DONE);
      case EXECUTION_PLACED:
      case EXECUTION_PARTIAL:
         return(INTENT_WORKING);
      case EXECUTION_UNKNOWN:
         return(INTENT_UNKNOWN);
      default:
         return(INTENT_REJECTED);
     }
  }

#endif
