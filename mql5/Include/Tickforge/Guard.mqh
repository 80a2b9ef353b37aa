// What this terminal allows, whatever the server says: caps on volume, positions, orders a minute and loss a day, and a kill
// switch that survives a restart. They block entries only; exits always pass.

#ifndef TICKFORGE_GUARD
#define TICKFORGE_GUARD

#include <Tickforge/Files.mqh>
#include <Tickforge/JsonReader.mqh>
#include <Tickforge/JsonWriter.mqh>

#define SENDS_MAX 10000

struct Caps
  {
   // Lots of one order.
   double            volume;
   // Positions and pending orders together.
   int               positions;
   int               ordersPerMinute;
   // In the account's currency, from the broker day's first equity; 0 for none.
   double            dayLoss;
   // Whether an entry must bring its stop loss.
   bool              stopRequired;
  };

class Guard
  {
private:
   string            m_folder;
   Caps              m_caps;
   bool              m_killed;
   // It could not be written down: the file says something else.
   bool              m_unsaved;
   string            m_killedBy;
   ulong             m_sends[];
   long              m_day;
   double            m_dayEquity;
   bool              m_dayLost;

   bool              SaveKill(void)
     {
      JsonWriter json;
      json.Open("");
      json.Flag("killed",m_killed);
      json.Text("by",m_killedBy);
      json.Close();
      return(LineLog::ReplaceFile(m_folder+"kill.txt",CheckedLine(json.Result())));
     }

   bool              SaveDay(void)
     {
      JsonWriter json;
      json.Open("");
      json.Number("day",m_day);
      json.Text("equity",Plain(m_dayEquity,8));
      json.Flag("lost",m_dayLost);
      json.Close();
      return(LineLog::ReplaceFile(m_folder+"day.txt",CheckedLine(json.Result())));
     }

   // A file that is there and cannot be read blocks: it may have said killed.
   void              LoadKill(void)
     {
      string payload="";
      JsonReader json;
      m_killed=false;
      m_killedBy="";
      if(!FileIsExist(m_folder+"kill.txt",FILE_COMMON))
         return;
      bool read=(LineLog::ReadFile(m_folder+"kill.txt",payload) && json.Read(payload));
      m_killed=(!read || json.Flag(0,"killed"));
      m_killedBy=(read ? json.Text(0,"by",16) : "button");
     }

   void              LoadDay(void)
     {
      string payload="";
      JsonReader json;
      m_day=0;
      m_dayEquity=0;
      m_dayLost=false;
      if(!LineLog::ReadFile(m_folder+"day.txt",payload) || !json.Read(payload))
         return;
      m_day=json.Number(0,"day",0,1000000);
      m_dayEquity=StringToDouble(json.Text(0,"equity",32));
      m_dayLost=json.Flag(0,"lost");
     }

public:
                     Guard(void)
     {
      m_killed=false;
      m_unsaved=false;
      m_day=0;
      m_dayEquity=0;
      m_dayLost=false;
     }

   void              Open(const string folder,const Caps &caps,const bool killed)
     {
      m_folder=folder;
      m_caps=caps;
      m_unsaved=false;
      ArrayResize(m_sends,0);
      LoadKill();
      LoadDay();
      if(killed)
         Kill("input");
     }

   bool              Killed(void)
     {
      return(m_killed);
     }

   string            KilledBy(void)
     {
      return(m_killedBy);
     }

   // Blocks at once, whether or not it can be written down; false says that a restart would forget it.
   bool              Kill(const string by)
     {
      m_killed=true;
      m_killedBy=by;
      m_unsaved=!SaveKill();
      return(!m_unsaved);
     }

   bool              Rearm(void)
     {
      m_killed=false;
      m_unsaved=false;
      if(SaveKill())
         return(true);
      m_killed=true;
      return(false);
     }

   // The broker's day begins with the equity that is there when it is first looked at.
   void              Watch(void)
     {
      // Another chart of the account may have blocked or armed.
      if(!m_unsaved)
         LoadKill();
      long day=(long)TimeCurrent()/86400;
      double equity=AccountInfoDouble(ACCOUNT_EQUITY);
      if(day<=0 || equity<=0)
         return;
      if(day!=m_day)
        {
         m_day=day;
         m_dayEquity=equity;
         m_dayLost=false;
         SaveDay();
        }
      if(m_caps.dayLoss>0 && !m_dayLost && m_dayEquity-equity>=m_caps.dayLoss)
        {
         m_dayLost=true;
         SaveDay();
        }
     }

   bool              DayLost(void)
     {
      return(m_dayLost);
     }

   void              CountSend(void)
     {
      int count=ArraySize(m_sends);
      if(count>=SENDS_MAX)
        {
         ArrayRemove(m_sends,0,SENDS_MAX/2);
         count=ArraySize(m_sends);
        }
      ArrayResize(m_sends,count+1,1024);
      m_sends[count]=GetTickCount64();
     }

   int               SendsLastMinute(void)
     {
      int count=0;
      ulong now=GetTickCount64();
      for(int i=ArraySize(m_sends)-1; i>=0 && now-m_sends[i]<60000; i--)
         count++;
      return(count);
     }

   // The code with which an entry is refused; empty when it may go.
   string            RefusesEntry(const double volume,const double stopLoss)
     {
      if(m_killed)
         return("killed");
      if(volume>m_caps.volume)
         return("over-volume-cap");
      if(PositionsTotal()+OrdersTotal()>=m_caps.positions)
         return("over-position-cap");
      if(SendsLastMinute()>=m_caps.ordersPerMinute)
         return("over-rate-cap");
      if(m_dayLost)
         return("over-loss-cap");
      if(m_caps.stopRequired && stopLoss<=0)
         return("no-stop-loss");
      return("");
     }
  };

#endif
