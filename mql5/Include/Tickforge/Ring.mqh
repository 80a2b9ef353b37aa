// Ticks that the server has not acknowledged: a bounded ring in memory and the same in a file. A tick is in the file before it is
// on the wire, so a number is never given twice. What falls out of a full ring becomes a gap that is told until acknowledged.

#ifndef TICKFORGE_RING
#define TICKFORGE_RING

#include <Tickforge/Cursors.mqh>
#include <Tickforge/Files.mqh>
#include <Tickforge/Gaps.mqh>
#include <Tickforge/Link.mqh>

// Numbers of one symbol in one life of the Expert Advisor.
struct TickStream
  {
   string            boot;
   string            symbol;
   ulong             acked;
   ulong             last;
   // What fell out unacknowledged; 0 for nothing.
   ulong             gapFrom;
   ulong             gapTo;
   long              gapFromMs;
   long              gapToMs;
   bool              gapUntold;
   bool              gapUnwritten;
  };

struct RingTick
  {
   int               stream;
   ulong             seq;
   long              ms;
   // As it goes over the wire.
   string            tuple;
   bool              backfill;
   ulong             drained;
  };

class TickRing
  {
private:
   LineLog           m_log;
   string            m_boot;
   TickStream        m_streams[];
   CursorList        m_cursors;
   UnreadList        m_unread;
   RingTick          m_ticks[];
   int               m_capacity;
   // Positions count on and on; a tick lies at its position modulo the capacity.
   long              m_head;
   long              m_tail;
   long              m_next;
   long              m_live;
   string            m_pending;
   // The file could not be written; when it is tried again.
   bool              m_broken;
   ulong             m_tryAt;

   int               Slot(const long position)
     {
      return((int)(position%m_capacity));
     }

   int               StreamOf(const string boot,const string symbol,const bool make)
     {
      int count=ArraySize(m_streams);
      for(int i=count-1; i>=0; i--)
         if(m_streams[i].symbol==symbol && m_streams[i].boot==boot)
            return(i);
      if(!make)
         return(-1);
      ArrayResize(m_streams,count+1,SYMBOLS_MAX);
      m_streams[count].boot=boot;
      m_streams[count].symbol=symbol;
      m_streams[count].acked=0;
      m_streams[count].last=0;
      ClearGap(count);
      return(count);
     }

   void              ClearGap(const int stream)
     {
      m_streams[stream].gapFrom=0;
      m_streams[stream].gapTo=0;
      m_streams[stream].gapFromMs=0;
      m_streams[stream].gapToMs=0;
      m_streams[stream].gapUntold=false;
      m_streams[stream].gapUnwritten=false;
     }

   void              Lose(const int stream,const ulong seq,const long ms)
     {
      if(m_streams[stream].gapTo==0)
        {
         m_streams[stream].gapFrom=seq;
         m_streams[stream].gapFromMs=ms;
        }
      m_streams[stream].gapTo=seq;
      m_streams[stream].gapToMs=ms;
      m_streams[stream].gapUntold=true;
      m_streams[stream].gapUnwritten=true;
     }

   void              SkipAcked(void)
     {
      while(m_head<m_tail && m_ticks[Slot(m_head)].seq<=m_streams[m_ticks[Slot(m_head)].stream].acked)
         m_head++;
      if(m_next<m_head)
         m_next=m_head;
     }

   void              Push(const int stream,const ulong seq,const long ms,const string tuple,const bool backfill)
     {
      if(m_tail-m_head>=m_capacity)
        {
         int oldest=Slot(m_head);
         Lose(m_ticks[oldest].stream,m_ticks[oldest].seq,m_ticks[oldest].ms);
         m_head++;
         SkipAcked();
        }
      int slot=Slot(m_tail);
      m_ticks[slot].stream=stream;
      m_ticks[slot].seq=seq;
      m_ticks[slot].ms=ms;
      m_ticks[slot].tuple=tuple;
      m_ticks[slot].backfill=backfill;
      m_ticks[slot].drained=GetTickCount64();
      m_tail++;
     }

   void              SetAcked(const int stream,const ulong seq)
     {
      if(stream<0 || seq<=m_streams[stream].acked)
         return;
      m_streams[stream].acked=seq;
      if(m_streams[stream].last<seq)
         m_streams[stream].last=seq;
      if(m_streams[stream].gapTo>0 && seq>=m_streams[stream].gapTo)
         ClearGap(stream);
     }

   // One line of the file: `T` a tick, `A` an acknowledgement, `G` a gap, `C` a cursor.
   void              Recall(const string payload)
     {
      string parts[];
      int count=StringSplit(payload,'|',parts);
      ulong number=0;
      if(count==6 && parts[0]=="T" && ParseUnsigned(parts[3],number))
        {
         int stream=StreamOf(parts[1],parts[2],true);
         m_streams[stream].last=number;
         long ms=StringToInteger(parts[4]);
         Push(stream,number,ms,parts[5],true);
         m_cursors.Move(parts[2],ms);
        }
      if(count==4 && parts[0]=="A" && ParseUnsigned(parts[3],number))
        {
         SetAcked(StreamOf(parts[1],parts[2],true),number);
         SkipAcked();
        }
      if(count==4 && parts[0]=="C")
         m_cursors.Set(m_cursors.IndexOf(parts[1]),StringToInteger(parts[2]),(int)StringToInteger(parts[3]));
      if(count==6 && parts[0]=="U" && ParseUnsigned(parts[5],number))
         m_unread.Add(parts[1],parts[2],StringToInteger(parts[3]),StringToInteger(parts[4]),number);
      ulong to=0;
      if(count==7 && parts[0]=="G" && ParseUnsigned(parts[3],number) && ParseUnsigned(parts[4],to))
        {
         int stream=StreamOf(parts[1],parts[2],true);
         Lose(stream,number,StringToInteger(parts[5]));
         Lose(stream,to,StringToInteger(parts[6]));
         if(m_streams[stream].last<to)
            m_streams[stream].last=to;
        }
     }

   string            GapLine(const int stream)
     {
      TickStream it=m_streams[stream];
      return(CheckedLine(StringFormat("G|%s|%s|%I64u|%I64u|%I64d|%I64d",it.boot,it.symbol,it.gapFrom,it.gapTo,it.gapFromMs,it.gapToMs)));
     }

   string            TickLine(const int slot)
     {
      int stream=m_ticks[slot].stream;
      return(CheckedLine(StringFormat("T|%s|%s|%I64u|%I64d|",m_streams[stream].boot,m_streams[stream].symbol,
                                      m_ticks[slot].seq,m_ticks[slot].ms)+m_ticks[slot].tuple));
     }

   // The file anew, without what was acknowledged.
   bool              Compact(void)
     {
      string text="";
      for(int i=0; i<ArraySize(m_streams); i++)
        {
         if(m_streams[i].gapTo>0)
            text+=GapLine(i);
         if(m_streams[i].acked>0 && (m_streams[i].last>m_streams[i].acked || m_streams[i].boot==m_boot))
            text+=CheckedLine(StringFormat("A|%s|%s|%I64u",m_streams[i].boot,m_streams[i].symbol,m_streams[i].acked));
        }
      for(int i=0; i<m_unread.Total(); i++)
         text+=m_unread.Line(i);
      for(long at=m_head; at<m_tail; at++)
         text+=TickLine(Slot(at));
      text+=m_cursors.Lines();
      m_pending="";
      m_broken=!m_log.Replace(text);
      m_tryAt=GetTickCount64()+1000;
      return(!m_broken);
     }

   // One frame of a stream's ticks between two positions, as many as fit; false when there is none left.
   bool              SendStream(Link &link,const int stream,const long from,const long to)
     {
      JsonWriter list;
      list.OpenList("");
      int count=0;
      ulong first=0;
      ulong drained=0;
      bool backfill=false;
      for(long at=from; at<to && count<TICKS_PER_FRAME_MAX; at++)
        {
         int slot=Slot(at);
         ulong seq=m_ticks[slot].seq;
         if(m_ticks[slot].stream!=stream || seq<=m_streams[stream].acked)
            continue;
         if(count==0)
            first=seq;
         backfill=(backfill || m_ticks[slot].backfill || at<m_live);
         drained=m_ticks[slot].drained;
         list.Raw("",m_ticks[slot].tuple);
         count++;
        }
      if(count==0)
         return(false);
      list.CloseList();
      JsonWriter json;
      link.Begin(json,"ticks");
      json.Text("boot",m_streams[stream].boot);
      json.Text("symbol",m_streams[stream].symbol);
      json.Number("from",(long)first);
      json.Flag("backfill",backfill);
      json.Number("drainedMonotonicMs",(long)drained);
      json.Raw("ticks",list.Result());
      link.Send(json);
      return(true);
     }

   void              SendGaps(Link &link)
     {
      for(int i=0; i<ArraySize(m_streams); i++)
         if(m_streams[i].gapUntold)
           {
            SendGap(link,m_streams[i].boot,m_streams[i].symbol,"overflow",m_streams[i].gapFrom,m_streams[i].gapTo,
                    m_streams[i].gapFromMs,m_streams[i].gapToMs);
            m_streams[i].gapUntold=false;
           }
      m_unread.Tell(link);
     }

public:
                     TickRing(void)
     {
      m_capacity=1;
      m_head=0;
      m_tail=0;
      m_next=0;
      m_live=0;
      m_broken=false;
      m_tryAt=0;
     }

   // What earlier lives left unacknowledged comes back as backfill.
   bool              Open(const string path,const int capacity)
     {
      m_boot=RandomHex(8);
      m_capacity=capacity;
      ArrayResize(m_ticks,capacity);
      ArrayResize(m_streams,0);
      m_cursors.Clear();
      m_unread.Clear();
      m_head=0;
      m_tail=0;
      m_next=0;
      m_live=0;
      m_pending="";
      m_broken=false;
      if(!m_log.Open(path))
         return(false);
      string payloads[];
      int damaged=0;
      while(m_log.ReadOn(payloads,damaged,1048576))
         for(int i=0; i<ArraySize(payloads); i++)
            Recall(payloads[i]);
      SkipAcked();
      return(Compact());
     }

   void              Close(void)
     {
      Persist();
      m_log.Close();
     }

   string            Boot(void)
     {
      return(m_boot);
     }

   int               Unacked(void)
     {
      return((int)(m_tail-m_head));
     }

   int               CursorOf(const string symbol)
     {
      return(m_cursors.IndexOf(symbol));
     }

   TickCursor        Cursor(const int cursor)
     {
      TickCursor it=m_cursors.At(cursor);
      return(it);
     }

   void              SetCursor(const int cursor,const long ms,const int count)
     {
      m_cursors.Set(cursor,ms,count);
     }

   // The next tick of a symbol, numbered.
   void              Add(const string symbol,const long ms,const string tuple,const bool backfill)
     {
      int stream=StreamOf(m_boot,symbol,true);
      m_streams[stream].last++;
      Push(stream,m_streams[stream].last,ms,tuple,backfill);
      if(!m_broken)
         m_pending+=TickLine(Slot(m_tail-1));
      m_cursors.Move(symbol,ms);
     }

   // History does not reach back to the cursor: what lies between is lost, and how much nobody knows.
   void              Unread(const string symbol,const long fromMs,const long toMs)
     {
      m_unread.Add(m_boot,symbol,fromMs,toMs,m_streams[StreamOf(m_boot,symbol,true)].last);
      m_pending+=m_unread.Line(m_unread.Total()-1);
     }

   // What was added is in the file when this returns true. After a failure the file is written anew, as a whole, once it can be.
   bool              Persist(void)
     {
      if(m_broken && GetTickCount64()<m_tryAt)
         return(false);
      if(m_broken || m_log.Size()>LOG_BYTES_MAX)
         return(Compact());
      if(StringLen(m_pending)==0)
         return(true);
      for(int i=0; i<ArraySize(m_streams); i++)
         if(m_streams[i].gapUnwritten)
           {
            m_pending+=GapLine(i);
            m_streams[i].gapUnwritten=false;
           }
      m_broken=!m_log.AppendText(m_pending);
      m_pending="";
      m_log.Flush();
      if(m_broken)
         Print("Tickforge: the file of ticks cannot be written, ticks wait: is the disk full?");
      return(!m_broken);
     }

   // Everything up to `seq` is durable at the server.
   void              Acknowledge(const string boot,const string symbol,const ulong seq)
     {
      int stream=StreamOf(boot,symbol,false);
      // Not beyond what was ever given.
      if(stream<0 || seq>m_streams[stream].last)
         return;
      SetAcked(stream,seq);
      m_unread.Forget(boot,symbol,seq);
      SkipAcked();
      m_pending+=CheckedLine(StringFormat("A|%s|%s|%I64u",boot,symbol,seq));
     }

   // After a welcome everything unacknowledged goes once more, as backfill.
   void              Rewind(void)
     {
      m_next=m_head;
      m_live=m_tail;
      for(int i=0; i<ArraySize(m_streams); i++)
         m_streams[i].gapUntold=(m_streams[i].gapTo>0);
      m_unread.Rewind();
     }

   void              WriteStreams(JsonWriter &json)
     {
      json.OpenList("streams");
      for(int i=0; i<ArraySize(m_streams); i++)
        {
         if(m_streams[i].last<=m_streams[i].acked)
            continue;
         json.Open("");
         json.Text("boot",m_streams[i].boot);
         json.Text("symbol",m_streams[i].symbol);
         json.Number("acked",(long)m_streams[i].acked);
         json.Number("last",(long)m_streams[i].last);
         json.Close();
        }
      json.CloseList();
     }

   // Sends what is new, as long as the connection takes it. Gaps go before the ticks behind them.
   void              Pump(Link &link)
     {
      if(!Persist())
         return;
      SendGaps(link);
      while(m_next<m_tail && !link.Busy() && link.State()==LINK_KEYED)
        {
         long end=(m_tail-m_next>TICKS_PER_FRAME_MAX ? m_next+TICKS_PER_FRAME_MAX : m_tail);
         if(m_next<m_live && end>m_live)
            end=m_live;
         for(int i=0; i<ArraySize(m_streams); i++)
            if(m_streams[i].last>m_streams[i].acked)
               SendStream(link,i,m_next,end);
         m_next=end;
        }
     }
  };

#endif
