// Where commands become orders and answers become frames: the intents, the guard and the trader work together here. The desk also
// closes what the terminal opened itself, when the server is silent for too long and the inputs allow it.

#ifndef TICKFORGE_DESK
#define TICKFORGE_DESK

#include <Tickforge/Link.mqh>
#include <Tickforge/Prover.mqh>
#include <Tickforge/Reporter.mqh>
#include <Tickforge/Trader.mqh>

class Desk
  {
private:
   IntentBook        m_book;
   Guard             m_guard;
   Trader            m_trader;
   string            m_storageFault;

   void              Refuse(Link &link,const Command &command,const string code,const string words)
     {
      JsonWriter json;
      link.Begin(json,"refusal");
      json.Text("intentId",command.intentId);
      json.Text("code",code);
      json.Text("words",Cut(words,256));
      int known=m_book.IndexOf(command.intentId);
      if(known<0)
         json.Null("intent");
      else
        {
         Intent intent=m_book.At(known);
         WriteIntent(json,"intent",intent);
        }
      link.Send(json);
     }

   void              TellExecution(Link &link,const Intent &intent,const Outcome &outcome,const bool ends,const string source,
                                   const ulong received)
     {
      JsonWriter json;
      link.Begin(json,"execution");
      json.Text("intentId",intent.id);
      json.Ticket("magic",intent.magic);
      json.Number("epoch",intent.epoch);
      json.Text("class",ClassText(outcome.meaning));
      json.Flag("final",ends);
      json.Text("source",source);
      json.Number("retcode",(long)outcome.retcode);
      json.Number("retcodeExternal",outcome.retcodeExternal);
      json.Text("words",Cut(outcome.words,256));
      json.TicketOrNull("order",outcome.order);
      json.TicketOrNull("deal",outcome.deal);
      json.Text("volume",Plain(outcome.volume,8));
      json.TextOrNull("price",PriceText(intent.symbol,outcome.price));
      json.TextOrNull("bid",PriceText(intent.symbol,outcome.bid));
      json.TextOrNull("ask",PriceText(intent.symbol,outcome.ask));
      json.Number("tries",outcome.tries);
      json.Number("receivedMonotonicMs",(long)received);
      json.Number("sentMonotonicMs",(long)outcome.sent);
      json.Number("answeredMonotonicMs",(long)outcome.answered);
      link.Send(json);
     }

   void              FromCommand(const Command &command,const MqlTradeRequest &request,const int slot,Intent &intent)
     {
      ClearIntent(intent);
      intent.id=command.intentId;
      intent.magic=command.magic;
      intent.epoch=command.epoch;
      intent.commandSeq=command.commandSeq;
      intent.command=command.kind;
      intent.symbol=request.symbol;
      intent.target=command.target;
      intent.ofPosition=command.ofPosition;
      intent.price=request.price;
      intent.sl=request.sl;
      intent.tp=request.tp;
      intent.slot=slot;
      intent.brokerSeconds=(long)TimeCurrent();
     }

   // Writes down, sends, writes the answer down, tells it.
   void              Carry(Link &link,const Command &command,MqlTradeRequest &request,ServerClock &clock,
                           const Authority &authority,TickDrain &drain,TickRing &ring)
     {
      Intent intent;
      FromCommand(command,request,authority.slot,intent);
      string why=m_book.Claim(intent);
      if(StringLen(why)>0)
        {
         Refuse(link,command,why,"the intent could not be written down for this connection alone");
         return;
        }
      Outcome outcome;
      ZeroMemory(outcome);
      m_trader.Send(command,request,clock,authority,m_guard,drain,ring,outcome);
      bool pending=(request.action==TRADE_ACTION_PENDING);
      if(pending && outcome.meaning==EXECUTION_DONE)
         outcome.meaning=EXECUTION_PLACED;
      intent.state=StateAfter(outcome.meaning,pending);
      intent.retcode=outcome.retcode;
      intent.order=outcome.order;
      intent.deal=outcome.deal;
      if(command.kind=="order" || command.kind=="close")
         intent.filled=(pending ? 0 : outcome.volume);
      // The broker has answered whether or not this can be written: what is on disk then says SENDING, which is UNKNOWN.
      if(!m_book.Update(intent))
         m_storageFault="an answer could not be written down";
      TellExecution(link,intent,outcome,IsFinal(intent.state),"answer",command.received);
     }

   // The terminal's own command; its magic number is one that the server never gives.
   void              Own(Command &command,const string kind,const ulong target,const bool ofPosition)
     {
      ClearCommand(command);
      uchar chance[];
      g_random.Draw(7,chance);
      ulong number=0;
      for(int i=0; i<7; i++)
         number=(number<<8)|(ulong)chance[i];
      command.kind=kind;
      command.magic=OWN_MAGIC_FROM+number;
      command.intentId="terminal-"+Hex(chance);
      command.epoch=m_book.Epoch();
      command.expiresAtMs=9999999999999;
      command.received=GetTickCount64();
      command.target=target;
      command.ofPosition=ofPosition;
      command.deviationPoints=1000;
     }

   void              CarryOwn(Link &link,const string kind,const ulong target,const bool ofPosition,ServerClock &clock,
                              const Authority &authority,TickDrain &drain,TickRing &ring)
     {
      Command command;
      MqlTradeRequest request;
      Own(command,kind,target,ofPosition);
      if(StringLen(FillRequest(command,request))==0)
         Carry(link,command,request,clock,authority,drain,ring);
     }

   // Whether one of our intents made it, and none that would end it is unresolved. Other levels are no reason to leave it open.
   bool              MayEnd(const long magic,const ulong ticket)
     {
      if(magic<=0 || m_book.IndexOfMagic((ulong)magic)<0)
         return(false);
      for(int i=0; i<m_book.Total(); i++)
        {
         Intent intent=m_book.At(i);
         if(intent.target==ticket && intent.command!="modify" && !IsFinal(intent.state))
            return(false);
        }
      return(true);
     }

public:
   bool              Open(const string folder,const string key,const int slot,const Caps &caps,const bool killed)
     {
      m_storageFault="";
      m_guard.Open(folder,caps,killed);
      return(m_book.Open(folder,key,slot));
     }

   void              Close(void)
     {
      m_book.Close();
     }

   // Reads on; false when the files are gone.
   bool              Healthy(void)
     {
      return(StringLen(m_storageFault)==0);
     }

   string            KilledBy(void)
     {
      return(m_guard.Killed() ? m_guard.KilledBy() : "");
     }

   bool              Killed(void)
     {
      return(m_guard.Killed());
     }

   bool              DayLost(void)
     {
      return(m_guard.DayLost());
     }

   // The day's loss, and the kill switch on other charts.
   void              Watch(void)
     {
      m_guard.Watch();
     }

   void              SetKilled(Link &link,const bool killed,const string by)
     {
      bool written=(killed ? m_guard.Kill(by) : m_guard.Rearm());
      if(!written)
         Print("Tickforge: the kill switch could not be written down: is the disk full?");
      TellKilled(link,by);
     }

   void              TellKilled(Link &link,const string by)
     {
      JsonWriter json;
      link.Begin(json,"kill");
      json.Flag("killed",m_guard.Killed());
      json.Text("by",by);
      link.Send(json);
     }

   long              Epoch(void)
     {
      return(m_book.Epoch());
     }

   long              CommandSeq(void)
     {
      return(m_book.CommandSeq());
     }

   int               Unresolved(void)
     {
      int count=0;
      for(int i=0; i<m_book.Total(); i++)
        {
         Intent intent=m_book.At(i);
         if(intent.state==INTENT_UNKNOWN || intent.state==INTENT_SENDING)
            count++;
        }
      return(count);
     }

   int               Damaged(void)
     {
      return(m_book.Damaged());
     }

   // True when the epoch is on disk and answered.
   bool              Fence(Link &link,const long epoch)
     {
      if(!m_book.CatchUp() || !m_book.ReadEpoch())
        {
         link.SendError("storage-failed","the files of epochs and intents cannot be read");
         return(false);
        }
      if(epoch<m_book.Epoch())
        {
         link.SendError("stale-epoch",StringFormat("fenced at %I64d already",m_book.Epoch()));
         return(false);
        }
      if(epoch>m_book.Epoch() && !m_book.Fence(epoch))
        {
         link.SendError("storage-failed","the epoch could not be written down");
         return(false);
        }
      JsonWriter json;
      link.Begin(json,"fenced");
      json.Number("epoch",epoch);
      json.OpenList("intents");
      int told=0;
      for(int i=0; i<m_book.Total() && told<LIST_MAX; i++)
        {
         Intent intent=m_book.At(i);
         if(IsFinal(intent.state))
            continue;
         WriteIntent(json,"",intent);
         told++;
        }
      json.CloseList();
      link.Send(json);
      return(true);
     }

   void              Snapshot(Link &link,Reporter &reporter,const long dealsSinceMs)
     {
      m_book.CatchUp();
      reporter.Snapshot(link,m_book,dealsSinceMs);
     }

   void              Handle(Link &link,JsonReader &json,const string kind,ServerClock &clock,const Authority &authority,
                            TickDrain &drain,TickRing &ring)
     {
      Command command;
      MqlTradeRequest request;
      string fault="";
      ReadCommand(json,kind,command,fault);
      if(StringLen(fault)>0)
        {
         link.SendError("bad-frame",kind+": "+fault);
         return;
        }
      string why=m_trader.Refuses(command,authority,clock,m_guard,m_book,drain);
      if(StringLen(why)==0 && StringLen(m_storageFault)>0 && kind=="order")
         why="storage-failed";
      if(StringLen(why)==0)
         why=FillRequest(command,request);
      if(StringLen(why)>0)
         Refuse(link,command,why,"");
      else
         Carry(link,command,request,clock,authority,drain,ring);
     }

   // Looks up what is not ends, and tells what the broker's books prove.
   void              LookUp(Link &link)
     {
      m_book.CatchUp();
      for(int i=0; i<m_book.Total(); i++)
        {
         Intent intent=m_book.At(i);
         if(IsFinal(intent.state))
            continue;
         Proof proof;
         Prove(intent,proof);
         if(!proof.found || (proof.state==intent.state && SameLevel(proof.filled,intent.filled)))
            continue;
         Outcome outcome;
         ZeroMemory(outcome);
         outcome.meaning=proof.meaning;
         outcome.order=proof.order;
         outcome.deal=proof.deal;
         outcome.volume=proof.filled;
         outcome.price=proof.price;
         intent.state=proof.state;
         intent.order=proof.order;
         intent.deal=proof.deal;
         intent.filled=proof.filled;
         if(m_book.Update(intent))
            TellExecution(link,intent,outcome,IsFinal(intent.state),"lookup",0);
        }
     }

   // Closes the positions and takes back the orders that intents of this terminal's made. Others are not ours to touch.
   void              Flatten(Link &link,ServerClock &clock,const Authority &authority,TickDrain &drain,TickRing &ring)
     {
      for(int i=OrdersTotal()-1; i>=0; i--)
        {
         ulong ticket=OrderGetTicket(i);
         if(ticket!=0 && MayEnd(OrderGetInteger(ORDER_MAGIC),ticket))
            CarryOwn(link,"cancel",ticket,false,clock,authority,drain,ring);
        }
      for(int i=PositionsTotal()-1; i>=0; i--)
        {
         ulong ticket=PositionGetTicket(i);
         if(ticket!=0 && MayEnd(PositionGetInteger(POSITION_MAGIC),ticket))
            CarryOwn(link,"close",ticket,true,clock,authority,drain,ring);
        }
     }
  };

#endif
