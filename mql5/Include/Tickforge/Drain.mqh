// Reads every tick of the watched symbols from the terminal's history. Tick events are dropped while one runs, so events only say
// when to look; the cursor - a time, and how many ticks of that millisecond were read - says where to go on.

#ifndef TICKFORGE_DRAIN
#define TICKFORGE_DRAIN

#include <Tickforge/Ring.mqh>

struct Watched
  {
   string            name;
   int               cursor;
   int               digits;
   double            point;
   // Whether its history was read up to the present once.
   bool              caughtUp;
   // When its newest tick was drained, by the monotonic clock; 0 as long as only history was read.
   ulong             quotedAt;
  };

class TickDrain
  {
private:
   Watched           m_symbols[];

   string            Tuple(const MqlTick &tick,const int digits)
     {
      return(StringFormat("[%I64d,\"%s\",\"%s\",\"%s\",\"%s\",%u]",tick.time_msc,Price(tick.bid,digits),Price(tick.ask,digits),
                          Price(tick.last,digits),Plain(tick.volume_real,8),tick.flags));
     }

   string            Price(const double value,const int digits)
     {
      return(value==0 || !MathIsValidNumber(value) ? "0" : DoubleToString(value,digits));
     }

   // The first start of all begins with the present.
   void              Begin(TickRing &ring,const int index)
     {
      MqlTick last;
      MqlTick same[];
      if(!SymbolInfoTick(m_symbols[index].name,last) || last.time_msc<=0)
         return;
      int count=CopyTicks(m_symbols[index].name,same,COPY_TICKS_ALL,(ulong)last.time_msc,DRAIN_TICKS_MAX);
      int equal=0;
      for(int i=0; i<count; i++)
         if(same[i].time_msc==last.time_msc)
            equal++;
      ring.SetCursor(m_symbols[index].cursor,last.time_msc,equal);
     }

   // The cursor is so old that reading from it would take minutes.
   bool              TooOld(TickRing &ring,const int index)
     {
      MqlTick last;
      TickCursor cursor=ring.Cursor(m_symbols[index].cursor);
      long from=cursor.ms;
      if(m_symbols[index].caughtUp || !SymbolInfoTick(m_symbols[index].name,last) || last.time_msc-from<=BACKFILL_MS_MAX)
         return(false);
      ring.Unread(m_symbols[index].name,from,last.time_msc);
      Begin(ring,index);
      return(true);
     }

   // One reading; true when there may be more.
   bool              Read(TickRing &ring,const int index)
     {
      TickCursor cursor=ring.Cursor(m_symbols[index].cursor);
      long from=cursor.ms;
      int skip=cursor.count;
      MqlTick ticks[];
      int wanted=DRAIN_TICKS_MAX+skip;
      int count=CopyTicks(m_symbols[index].name,ticks,COPY_TICKS_ALL,(ulong)from,(uint)wanted);
      if(count<=0)
         return(false);
      if(skip>0 && ticks[0].time_msc>from)
         ring.Unread(m_symbols[index].name,from,ticks[0].time_msc);
      int added=0;
      for(int i=0; i<count; i++)
        {
         if(skip>0 && ticks[i].time_msc==from)
           {
            skip--;
            continue;
           }
         ring.Add(m_symbols[index].name,ticks[i].time_msc,Tuple(ticks[i],m_symbols[index].digits),!m_symbols[index].caughtUp);
         added++;
        }
      if(added>0 && m_symbols[index].caughtUp)
         m_symbols[index].quotedAt=GetTickCount64();
      return(count==wanted);
     }

public:
   // Symbols of the inputs, else those of the market watch.
   bool              Watch(const string list,TickRing &ring,string &fault)
     {
      string names[];
      int count=0;
      if(StringLen(list)>0)
         count=StringSplit(list,',',names);
      else
        {
         count=SymbolsTotal(true);
         ArrayResize(names,count);
         for(int i=0; i<count; i++)
            names[i]=SymbolName(i,true);
        }
      if(count<1 || count>SYMBOLS_MAX)
        {
         fault=StringFormat("%d symbols: name 1 to %d in InpSymbols",count,SYMBOLS_MAX);
         return(false);
        }
      ArrayResize(m_symbols,count);
      for(int i=0; i<count; i++)
        {
         string name=names[i];
         StringTrimLeft(name);
         StringTrimRight(name);
         if(!SymbolSelect(name,true))
           {
            fault="the broker has no symbol "+name;
            return(false);
           }
         m_symbols[i].name=name;
         m_symbols[i].cursor=ring.CursorOf(name);
         m_symbols[i].digits=(int)SymbolInfoInteger(name,SYMBOL_DIGITS);
         m_symbols[i].point=SymbolInfoDouble(name,SYMBOL_POINT);
         m_symbols[i].caughtUp=false;
         m_symbols[i].quotedAt=0;
        }
      return(true);
     }

   int               Total(void)
     {
      return(ArraySize(m_symbols));
     }

   string            Name(const int index)
     {
      return(m_symbols[index].name);
     }

   int               IndexOf(const string name)
     {
      for(int i=0; i<ArraySize(m_symbols); i++)
         if(m_symbols[i].name==name)
            return(i);
      return(-1);
     }

   // Milliseconds since the newest tick was drained; -1 when none was.
   long              QuoteAge(const int index)
     {
      ulong at=m_symbols[index].quotedAt;
      return(at==0 ? -1 : (long)(GetTickCount64()-at));
     }

   // Of the newest quote; -1 when there is none.
   double            SpreadPoints(const int index)
     {
      MqlTick tick;
      if(!SymbolInfoTick(m_symbols[index].name,tick) || tick.bid<=0 || tick.ask<=0)
         return(-1);
      return((tick.ask-tick.bid)/m_symbols[index].point);
     }

   void              Drain(TickRing &ring,const int index)
     {
      TickCursor cursor=ring.Cursor(m_symbols[index].cursor);
      if(cursor.ms==0)
        {
         Begin(ring,index);
         return;
        }
      if(TooOld(ring,index))
         return;
      int rounds=0;
      bool more=true;
      while(more && rounds<5)
        {
         more=Read(ring,index);
         rounds++;
        }
      if(!more)
         m_symbols[index].caughtUp=true;
     }

   void              DrainAll(TickRing &ring)
     {
      for(int i=0; i<ArraySize(m_symbols); i++)
         Drain(ring,i);
     }
  };

#endif
