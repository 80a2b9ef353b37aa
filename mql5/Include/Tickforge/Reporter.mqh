// Tells the server what the account holds. Events of the terminal can be lost or come in any order, so they only say that it is
// time to look; what is told comes from comparing the books with what was told before. Deals are told once each per connection.

#ifndef TICKFORGE_REPORTER
#define TICKFORGE_REPORTER

#include <Tickforge/Book.mqh>
#include <Tickforge/Intents.mqh>
#include <Tickforge/Limits.mqh>
#include <Tickforge/Link.mqh>

struct Told
  {
   ulong             ticket;
   // Of a deal its time in ms, of others what was told.
   long              ms;
   string            mark;
   bool              seen;
  };

int ToldIndex(const Told &list[],const ulong ticket)
  {
   for(int i=ArraySize(list)-1; i>=0; i--)
      if(list[i].ticket==ticket)
         return(i);
   return(-1);
  }

// True when it was not told with that mark; from now on it is.
bool IsNews(Told &list[],const ulong ticket,const string mark)
  {
   int at=ToldIndex(list,ticket);
   bool known=(at>=0);
   if(!known)
     {
      at=ArraySize(list);
      ArrayResize(list,at+1,256);
      list[at].ticket=ticket;
      list[at].ms=0;
     }
   bool news=(!known || list[at].mark!=mark);
   list[at].mark=mark;
   list[at].seen=true;
   return(news);
  }

// Item by item: ArrayRemove moves bytes, and there are texts in them.
void Forget(Told &list[],const int index)
  {
   int last=ArraySize(list)-1;
   for(int i=index; i<last; i++)
      list[i]=list[i+1];
   ArrayResize(list,last);
  }

class Reporter
  {
private:
   Told              m_deals[];
   Told              m_positions[];
   Told              m_orders[];
   string            m_figures;
   long              m_since;

   void              SendDeal(Link &link,const ulong ticket)
     {
      JsonWriter json;
      link.Begin(json,"deal");
      WriteDeal(json,"deal",ticket);
      link.Send(json);
     }

   // A position, or null when it is gone.
   void              SendPosition(Link &link,const ulong ticket)
     {
      JsonWriter json;
      link.Begin(json,"position");
      json.Ticket("ticket",ticket);
      if(PositionSelectByTicket(ticket))
         WritePosition(json,"position");
      else
         json.Null("position");
      link.Send(json);
     }

   void              SendOrder(Link &link,const ulong ticket)
     {
      JsonWriter json;
      link.Begin(json,"order-state");
      json.Ticket("ticket",ticket);
      if(OrderSelect(ticket))
         WriteOrder(json,"order",ticket,false);
      else
         if(HistoryOrderSelect(ticket))
            WriteOrder(json,"order",ticket,true);
         else
            json.Null("order");
      link.Send(json);
     }

   string            OrderMark(const ulong ticket)
     {
      JsonWriter json;
      WriteOrder(json,"",ticket,false);
      return(json.Result());
     }

   void              Unsee(Told &list[])
     {
      for(int i=0; i<ArraySize(list); i++)
         list[i].seen=false;
     }

   void              TellPositions(Link &link)
     {
      Unsee(m_positions);
      for(int i=PositionsTotal()-1; i>=0; i--)
        {
         ulong ticket=PositionGetTicket(i);
         if(ticket!=0 && IsNews(m_positions,ticket,PositionMark()))
            SendPosition(link,ticket);
        }
      for(int i=ArraySize(m_positions)-1; i>=0; i--)
         if(!m_positions[i].seen)
           {
            SendPosition(link,m_positions[i].ticket);
            Forget(m_positions,i);
           }
     }

   void              TellOrders(Link &link)
     {
      Unsee(m_orders);
      for(int i=OrdersTotal()-1; i>=0; i--)
        {
         ulong ticket=OrderGetTicket(i);
         if(ticket!=0 && IsNews(m_orders,ticket,OrderMark(ticket)))
            SendOrder(link,ticket);
        }
      for(int i=ArraySize(m_orders)-1; i>=0; i--)
         if(!m_orders[i].seen)
           {
            SendOrder(link,m_orders[i].ticket);
            Forget(m_orders,i);
           }
     }

   // Deals can be booked with times before those already seen: the window reaches back.
   bool              SelectDeals(void)
     {
      long from=m_since/1000-DEAL_OVERLAP_SECONDS;
      return(HistorySelect((datetime)(from>0 ? from : 0),(datetime)FAR_FUTURE));
     }

   void              TellDeals(Link &link)
     {
      if(!SelectDeals())
         return;
      int count=HistoryDealsTotal();
      long newest=m_since;
      for(int i=0; i<count; i++)
        {
         ulong ticket=HistoryDealGetTicket(i);
         if(ticket==0 || ToldIndex(m_deals,ticket)>=0)
            continue;
         long ms=HistoryDealGetInteger(ticket,DEAL_TIME_MSC);
         Remember(ticket,ms);
         SendDeal(link,ticket);
         if(ms>newest)
            newest=ms;
        }
      m_since=newest;
      long oldest=newest-(long)DEAL_OVERLAP_SECONDS*1000-1000;
      for(int i=ArraySize(m_deals)-1; i>=0; i--)
         if(m_deals[i].ms<oldest)
            Forget(m_deals,i);
     }

   void              Remember(const ulong ticket,const long ms)
     {
      int at=ArraySize(m_deals);
      ArrayResize(m_deals,at+1,256);
      m_deals[at].ticket=ticket;
      m_deals[at].ms=ms;
      m_deals[at].mark="";
      m_deals[at].seen=true;
     }

   // One part of a snapshot: the items of each kind from `from` on.
   void              SnapshotPart(Link &link,IntentBook &book,const int part,const bool last,const ulong &deals[])
     {
      int from=(part-1)*LIST_MAX;
      JsonWriter json;
      link.Begin(json,"snapshot");
      json.Number("part",part);
      json.Flag("last",last);
      json.OpenList("orders");
      for(int i=from; i<OrdersTotal() && i<from+LIST_MAX; i++)
        {
         ulong ticket=OrderGetTicket(i);
         if(ticket==0)
            continue;
         WriteOrder(json,"",ticket,false);
         IsNews(m_orders,ticket,OrderMark(ticket));
        }
      json.CloseList();
      json.OpenList("positions");
      for(int i=from; i<PositionsTotal() && i<from+LIST_MAX; i++)
        {
         ulong ticket=PositionGetTicket(i);
         if(ticket==0)
            continue;
         WritePosition(json,"");
         IsNews(m_positions,ticket,PositionMark());
        }
      json.CloseList();
      json.OpenList("deals");
      for(int i=from; i<ArraySize(deals) && i<from+LIST_MAX; i++)
         WriteDeal(json,"",deals[i]);
      json.CloseList();
      json.OpenList("intents");
      for(int i=from; i<book.Total() && i<from+LIST_MAX; i++)
        {
         Intent intent=book.At(i);
         WriteIntent(json,"",intent);
        }
      json.CloseList();
      WriteFigures(json,"figures");
      link.Send(json);
     }

public:
                     Reporter(void)
     {
      m_since=0;
     }

   // The whole picture, in parts.
   void              Snapshot(Link &link,IntentBook &book,const long dealsSinceMs)
     {
      ArrayResize(m_deals,0);
      ArrayResize(m_positions,0);
      ArrayResize(m_orders,0);
      m_since=dealsSinceMs;
      ulong deals[];
      int count=0;
      if(SelectDeals())
        {
         int total=HistoryDealsTotal();
         ArrayResize(deals,total);
         for(int i=0; i<total; i++)
           {
            ulong ticket=HistoryDealGetTicket(i);
            long ms=(ticket==0 ? 0 : HistoryDealGetInteger(ticket,DEAL_TIME_MSC));
            if(ticket==0)
               continue;
            Remember(ticket,ms);
            if(ms<dealsSinceMs)
               continue;
            deals[count]=ticket;
            count++;
            if(ms>m_since)
               m_since=ms;
           }
         ArrayResize(deals,count);
        }
      int most=MathMax(MathMax(OrdersTotal(),PositionsTotal()),MathMax(count,book.Total()));
      int parts=MathMax(1,(most+LIST_MAX-1)/LIST_MAX);
      for(int part=1; part<=parts; part++)
         SnapshotPart(link,book,part,part==parts,deals);
     }

   // Everything that is other than what was told.
   void              TellChanges(Link &link)
     {
      TellDeals(link);
      TellPositions(link);
      TellOrders(link);
      TellFigures(link);
     }

   void              TellFigures(Link &link)
     {
      JsonWriter figures;
      WriteFigures(figures,"");
      if(figures.Result()==m_figures)
         return;
      m_figures=figures.Result();
      JsonWriter json;
      link.Begin(json,"account");
      json.Raw("figures",m_figures);
      link.Send(json);
     }
  };

#endif
