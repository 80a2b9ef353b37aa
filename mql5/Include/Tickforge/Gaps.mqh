// What will never come: the frame that says so, and the list of ticks that the terminal's history no longer had.

#ifndef TICKFORGE_GAPS
#define TICKFORGE_GAPS

#include <Tickforge/Files.mqh>
#include <Tickforge/Link.mqh>

// Without numbers where they are 0.
void SendGap(Link &link,const string boot,const string symbol,const string reason,const ulong from,const ulong to,
             const long fromMs,const long toMs)
  {
   JsonWriter json;
   link.Begin(json,"gap");
   json.Text("boot",boot);
   json.Text("symbol",symbol);
   json.Text("reason",reason);
   json.Raw("from",from==0 ? "null" : UnsignedText(from));
   json.Raw("to",to==0 ? "null" : UnsignedText(to));
   json.Number("fromBrokerMs",fromMs);
   json.Number("toBrokerMs",toMs);
   link.Send(json);
  }

// Ticks without numbers that history no longer had, and the last number given before them.
struct UnreadTicks
  {
   string            boot;
   string            symbol;
   long              fromMs;
   long              toMs;
   ulong             after;
   bool              untold;
  };

class UnreadList
  {
private:
   UnreadTicks       m_items[];

   // Item by item: ArrayRemove moves bytes, and there are texts in them.
   void              Drop(const int index)
     {
      int last=ArraySize(m_items)-1;
      for(int i=index; i<last; i++)
         m_items[i]=m_items[i+1];
      ArrayResize(m_items,last);
     }

public:
   void              Clear(void)
     {
      ArrayResize(m_items,0);
     }

   int               Total(void)
     {
      return(ArraySize(m_items));
     }

   void              Add(const string boot,const string symbol,const long fromMs,const long toMs,const ulong after)
     {
      int count=ArraySize(m_items);
      // As many as a day of trouble makes; beyond that the newest one grows.
      if(count<SYMBOLS_MAX)
        {
         ArrayResize(m_items,count+1);
         count++;
         m_items[count-1].fromMs=fromMs;
        }
      m_items[count-1].boot=boot;
      m_items[count-1].symbol=symbol;
      m_items[count-1].toMs=toMs;
      m_items[count-1].after=after;
      m_items[count-1].untold=true;
     }

   // A tick behind it arrived, so it did, too: it was told before.
   void              Forget(const string boot,const string symbol,const ulong seq)
     {
      for(int i=ArraySize(m_items)-1; i>=0; i--)
         if(m_items[i].boot==boot && m_items[i].symbol==symbol && !m_items[i].untold && seq>m_items[i].after)
            Drop(i);
     }

   void              Rewind(void)
     {
      for(int i=0; i<ArraySize(m_items); i++)
         m_items[i].untold=true;
     }

   void              Tell(Link &link)
     {
      for(int i=0; i<ArraySize(m_items); i++)
         if(m_items[i].untold)
           {
            SendGap(link,m_items[i].boot,m_items[i].symbol,"unread",0,0,m_items[i].fromMs,m_items[i].toMs);
            m_items[i].untold=false;
           }
     }

   string            Line(const int index)
     {
      return(CheckedLine(StringFormat("U|%s|%s|%I64d|%I64d|%I64u",m_items[index].boot,m_items[index].symbol,
                                      m_items[index].fromMs,m_items[index].toMs,m_items[index].after)));
     }
  };

#endif
