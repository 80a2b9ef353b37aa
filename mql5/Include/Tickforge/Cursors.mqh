// How far the history of each symbol was read: a time, and how many ticks of that millisecond were read, since several share one.

#ifndef TICKFORGE_CURSORS
#define TICKFORGE_CURSORS

#include <Tickforge/Files.mqh>

// Where reading of a symbol's history goes on: the last tick's time, and how many of that time were read.
struct TickCursor
  {
   string            symbol;
   long              ms;
   int               count;
  };

class CursorList
  {
private:
   TickCursor        m_items[];

public:
   void              Clear(void)
     {
      ArrayResize(m_items,0);
     }

   // Made where there is none yet.
   int               IndexOf(const string symbol)
     {
      int count=ArraySize(m_items);
      for(int i=0; i<count; i++)
         if(m_items[i].symbol==symbol)
            return(i);
      ArrayResize(m_items,count+1,SYMBOLS_MAX);
      m_items[count].symbol=symbol;
      Set(count,0,0);
      return(count);
     }

   TickCursor        At(const int index)
     {
      return(m_items[index]);
     }

   void              Set(const int index,const long ms,const int count)
     {
      m_items[index].ms=ms;
      m_items[index].count=count;
     }

   // Past one more tick.
   void              Move(const string symbol,const long ms)
     {
      int index=IndexOf(symbol);
      if(m_items[index].ms==ms)
         m_items[index].count++;
      else
         Set(index,ms,1);
     }

   string            Lines(void)
     {
      string text="";
      for(int i=0; i<ArraySize(m_items); i++)
         text+=CheckedLine(StringFormat("C|%s|%I64d|%d",m_items[i].symbol,m_items[i].ms,m_items[i].count));
      return(text);
     }
  };

#endif
