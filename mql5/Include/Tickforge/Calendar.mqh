// The economic calendar of the terminal, for news blackouts: the whole window every time, so that an event which was moved or taken
// back does not linger at the server.

#ifndef TICKFORGE_CALENDAR
#define TICKFORGE_CALENDAR

#include <Tickforge/Limits.mqh>
#include <Tickforge/Link.mqh>

#define CALENDAR_BACK_SECONDS 3600
#define CALENDAR_EVERY_MS 300000

string ImportanceText(const ENUM_CALENDAR_EVENT_IMPORTANCE importance)
  {
   switch(importance)
     {
      case CALENDAR_IMPORTANCE_LOW:
         return("low");
      case CALENDAR_IMPORTANCE_MODERATE:
         return("moderate");
      case CALENDAR_IMPORTANCE_HIGH:
         return("high");
      default:
         return("none");
     }
  }

string TimeModeText(const ENUM_CALENDAR_EVENT_TIMEMODE mode)
  {
   switch(mode)
     {
      case CALENDAR_TIMEMODE_DATETIME:
         return("exact");
      case CALENDAR_TIMEMODE_DATE:
         return("date");
      case CALENDAR_TIMEMODE_NOTIME:
         return("none");
      default:
         return("tentative");
     }
  }

// Values come in millionths; LONG_MIN stands for none.
string CalendarValueText(const long value)
  {
   return(value==LONG_MIN ? "" : Plain((double)value/1000000.0,6));
  }

class CalendarFeed
  {
private:
   ulong             m_next;

   void              WriteEvent(JsonWriter &json,const MqlCalendarValue &value)
     {
      MqlCalendarEvent described;
      MqlCalendarCountry country;
      if(!CalendarEventById(value.event_id,described))
         return;
      bool placed=CalendarCountryById((long)described.country_id,country);
      json.Open("");
      json.Ticket("id",value.id);
      json.Ticket("eventId",value.event_id);
      json.Number("brokerMs",(long)value.time*1000);
      json.Text("currency",placed ? Cut(country.currency,8) : "");
      json.Text("country",placed ? Cut(country.code,8) : "");
      json.Text("name",Cut(described.name,200));
      json.Text("importance",ImportanceText(described.importance));
      json.Text("time",TimeModeText(described.time_mode));
      json.TextOrNull("actual",CalendarValueText(value.actual_value));
      json.TextOrNull("forecast",CalendarValueText(value.forecast_value));
      json.TextOrNull("previous",CalendarValueText(value.prev_value));
      json.Close();
     }

public:
                     CalendarFeed(void)
     {
      m_next=0;
     }

   void              Restart(void)
     {
      m_next=0;
     }

   // Every five minutes, when the server wants one.
   void              Pump(Link &link,const long hours)
     {
      ulong now=GetTickCount64();
      if(hours<=0 || now<m_next || link.Busy())
         return;
      m_next=now+CALENDAR_EVERY_MS;
      datetime from=TimeTradeServer()-CALENDAR_BACK_SECONDS;
      datetime to=TimeTradeServer()+(datetime)(hours*3600);
      MqlCalendarValue values[];
      int count=CalendarValueHistory(values,from,to);
      // None is news, an error is not.
      if(count<0)
         return;
      int parts=MathMax(1,(count+LIST_MAX-1)/LIST_MAX);
      for(int part=1; part<=parts; part++)
        {
         JsonWriter json;
         link.Begin(json,"calendar");
         json.Number("part",part);
         json.Flag("last",part==parts);
         json.Number("fromBrokerMs",(long)from*1000);
         json.Number("toBrokerMs",(long)to*1000);
         json.OpenList("events");
         for(int i=(part-1)*LIST_MAX; i<count && i<part*LIST_MAX; i++)
            WriteEvent(json,values[i]);
         json.CloseList();
         link.Send(json);
        }
     }
  };

#endif
