// The server's clock as this machine's monotonic clock sees it, learned from heartbeats. The terminal's own idea of the time is
// never used: it may be an hour off, or set while we run.

#ifndef TICKFORGE_CLOCK
#define TICKFORGE_CLOCK

// A mapping stays until a better one comes, or until it is so old that drift matters more.
#define CLOCK_RENEW_MS 2000

class ServerClock
  {
private:
   bool              m_known;
   // Server time minus monotonic time.
   long              m_offset;
   // Half the way there and back: how wrong the offset can be.
   long              m_error;
   ulong             m_learned;

public:
                     ServerClock(void)
     {
      Forget();
     }

   void              Forget(void)
     {
      m_known=false;
      m_offset=0;
      m_error=0;
      m_learned=0;
     }

   // The server said `serverMs` between `asked` and now.
   void              Learn(const long serverMs,const ulong asked)
     {
      ulong now=GetTickCount64();
      long error=(long)(now-asked)/2;
      if(m_known && error>m_error && now-m_learned<CLOCK_RENEW_MS)
         return;
      m_known=true;
      m_offset=serverMs+error-(long)now;
      m_error=error;
      m_learned=now;
     }

   // Milliseconds since it was learned; -1 when it is not known.
   long              Age(void)
     {
      return(m_known ? (long)(GetTickCount64()-m_learned) : -1);
     }

   // The latest time that it can be at the server now: what expires by it has expired for sure or nearly so.
   long              Latest(void)
     {
      return((long)GetTickCount64()+m_offset+m_error);
     }
  };

#endif
