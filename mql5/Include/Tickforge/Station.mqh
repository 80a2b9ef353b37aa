// Puts the parts together: one account, one connection, one timer. Every turn drains ticks, talks to the server, and looks after
// itself: account changes, silence of the server, the panel.

#ifndef TICKFORGE_STATION
#define TICKFORGE_STATION

#include <Tickforge/Panel.mqh>
#include <Tickforge/Session.mqh>

class Station : public Session
  {
private:
   bool              m_started;
   SlotHold          m_slot;
   Panel             m_panel;
   ulong             m_nextFlatten;
   ulong             m_nextPanel;
   ulong             m_nextBegin;

   bool              ChooseCredential(Credential &credential)
     {
      if(LoadToken(m_identity,credential) && credential.id!=m_refusedId)
         return(true);
      return(StringLen(m_settings.code)>0 && ParseCode(m_settings.code,credential) && credential.id!=m_refusedId);
     }

   void              Dial(void)
     {
      Credential credential;
      LeaveSession();
      if(!ChooseCredential(credential))
        {
         m_status="needs a one-time code: type one into InpCode";
         m_link.Postpone();
         return;
        }
      m_link.Dial(credential);
     }

   // Silence of the server's ends the connection, and after longer, where the inputs allow it, what it opened.
   void              WatchSilence(void)
     {
      if(!m_everWelcomed)
         return;
      ulong now=GetTickCount64();
      long silence=(long)(now-m_link.Heard());
      if(m_welcomed && silence>m_limits.silentMsMax)
         m_link.Drop(WS_GOING_AWAY,"the server is silent");
      if(!m_settings.deadManFlattens || m_limits.flattenAfterMs==0 || silence<m_limits.flattenAfterMs || now<m_nextFlatten)
         return;
      m_nextFlatten=now+10000;
      m_desk.LookUp(m_link);
      m_desk.Flatten(m_link,m_clock,m_authority,m_drain,m_ring);
     }

   void              Converse(void)
     {
      if(m_link.MayDial())
         Dial();
      m_link.Poll();
      if(StringLen(m_link.Refused())>0)
         Refused(m_link.Refused());
      if(m_link.State()==LINK_KEYED && !m_greeted)
         Greet();
      Receive();
      if(m_link.State()==LINK_KEYED && m_greeted && !m_welcomed && GetTickCount64()-m_greetedAt>HANDSHAKE_MS_MAX)
         m_link.Drop(WS_POLICY,"no answer to the greeting");
      if(m_welcomed && m_link.State()==LINK_KEYED)
        {
         m_ring.Pump(m_link);
         Beat();
         Scan();
         m_calendar.Pump(m_link,m_limits.calendarHours);
        }
      m_link.Poll();
      m_link.NoticeClosed();
      if(m_link.State()==LINK_DOWN && m_greeted)
         LeaveSession();
      WatchSilence();
     }

   void              ShowPanel(void)
     {
      ulong now=GetTickCount64();
      if(now<m_nextPanel)
         return;
      m_nextPanel=now+PANEL_MS;
      if(m_started)
         m_desk.Watch();
      string state=(m_welcomed ? "connected" : (m_started ? "not connected: "+m_link.Fault() : m_status));
      if(m_started && !m_welcomed && StringFind(m_status,"needs")==0)
         state=m_status;
      string entries=(m_desk.Killed() ? "blocked by "+m_desk.KilledBy() : (m_desk.DayLost() ? "blocked: loss of the day" :
                      (!m_welcomed ? "blocked: no server" : (!m_authority.fenced || !m_authority.reconciled ? "blocked: not reconciled" :
                       (m_authority.mode!="active" ? "blocked: mode "+m_authority.mode : "allowed")))));
      m_panel.Show(StringFormat("Tickforge %s, connection %d\naccount %I64u at %s (%s, %s)\n%s\nentries %s\nepoch %I64d, unresolved %d\nticks not acknowledged %d, clock age %I64d ms",
                                EA_VERSION,m_settings.slot,m_identity.login,m_identity.server,m_identity.mode,m_identity.margin,state,
                                entries,m_desk.Epoch(),m_desk.Unresolved(),m_ring.Unacked(),m_clock.Age()),m_desk.Killed());
     }

   bool              ConfirmSlot(void)
     {
      return(m_slot.Confirm(StringFormat("TFslot%d_",m_settings.slot)+AccountKey(m_identity)));
     }

   // Files and watches of the account that is logged in; called until it succeeds.
   void              Begin(void)
     {
      string fault="";
      if(GetTickCount64()<m_nextBegin)
         return;
      m_nextBegin=GetTickCount64()+1000;
      if(!CurrentIdentity(m_identity))
        {
         m_status="the terminal is not logged in";
         return;
        }
      if(!ConfirmSlot())
        {
         m_status=StringFormat("another chart has connection %d: give this one another number",m_settings.slot);
         return;
        }
      string folder=AccountFolder(m_identity);
      string path=folder+StringFormat("ticks-%d.txt",m_settings.slot);
      if(!m_desk.Open(folder,AccountKey(m_identity),m_settings.slot,m_settings.caps,m_settings.killed))
         fault="the files of intents cannot be opened: "+folder;
      else
         if(!m_ring.Open(path,m_settings.ringTicks))
            fault="the file of ticks cannot be opened: "+path;
         else
            m_drain.Watch(m_settings.symbols,m_ring,fault);
      m_status=(StringLen(fault)==0 ? "starting" : fault);
      m_started=(StringLen(fault)==0);
      if(StringLen(fault)>0)
         Print("Tickforge: "+fault);
     }

   void              End(void)
     {
      m_ring.Close();
      m_desk.Close();
      m_slot.Give();
      m_clock.Forget();
      LeaveSession();
      m_everWelcomed=false;
      m_started=false;
     }

   // Another account is another station: nothing of the old one may be traded or told on.
   void              WatchAccount(void)
     {
      Identity now;
      if(!CurrentIdentity(now) || SameIdentity(now,m_identity))
         return;
      Print("Tickforge: the account changed, trading stops until the new one is enrolled");
      m_link.SendError("account-changed","login, server or mode is another");
      End();
      m_refusedId="";
      m_link.DialAtOnce();
      m_nextBegin=0;
      Begin();
     }

public:
                     Station(void)
     {
      m_started=false;
      m_nextFlatten=0;
      m_nextPanel=0;
      m_nextBegin=0;
     }

   // False when the settings make no sense.
   bool              Start(const Settings &settings,string &fault)
     {
      Address address;
      m_settings=settings;
      m_authority.slot=settings.slot;
      if(!ParseAddress(settings.server,address,fault))
         return(false);
      m_link.Configure(address,settings.thumbprint,settings.backoffMinMs,settings.backoffMaxMs);
      m_panel.Open();
      m_nextBegin=0;
      Begin();
      return(true);
     }

   void              Stop(void)
     {
      m_link.Drop(WS_GOING_AWAY,"the Expert Advisor was removed");
      End();
      m_panel.Close();
     }

   void              Turn(void)
     {
      if(!m_started)
         Begin();
      if(m_started)
         WatchAccount();
      if(m_started && !ConfirmSlot())
        {
         m_link.Drop(WS_GOING_AWAY,"another chart took this connection");
         End();
        }
      if(m_started)
        {
         m_drain.DrainAll(m_ring);
         // Connected or not: what was drained outlives this process.
         m_ring.Persist();
         Converse();
        }
      ShowPanel();
     }

   void              Tick(const string symbol)
     {
      int index=(m_started ? m_drain.IndexOf(symbol) : -1);
      if(index<0)
         return;
      m_drain.Drain(m_ring,index);
      if(m_welcomed && m_link.State()==LINK_KEYED)
         m_ring.Pump(m_link);
      m_link.Poll();
     }

   void              TradeHappened(void)
     {
      m_dirty=true;
     }

   void              Click(const string object)
     {
      int wish=m_panel.Clicked(object,m_desk.Killed());
      if(wish!=0)
         m_desk.SetKilled(m_link,wish>0,"button");
      m_nextPanel=0;
     }
  };

#endif
