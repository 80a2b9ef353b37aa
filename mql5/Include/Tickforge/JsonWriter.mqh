// Writes JSON objects as the protocol has them: in order, without blanks, wide numbers as texts.

#ifndef TICKFORGE_JSON_WRITER
#define TICKFORGE_JSON_WRITER

#include <Tickforge/Text.mqh>

// A text as JSON, with its quotes.
string Quoted(const string text)
  {
   string out="\"";
   int length=StringLen(text);
   int from=0;
   for(int i=0; i<length; i++)
     {
      ushort unit=StringGetCharacter(text,i);
      bool lone=(unit>=0xD800 && unit<=0xDFFF);
      if(unit>=' ' && unit!='"' && unit!='\\' && !lone)
         continue;
      if(i>from)
         out+=StringSubstr(text,from,i-from);
      from=i+1;
      if(unit=='"')
         out+="\\\"";
      else
         if(unit=='\\')
            out+="\\\\";
         else
            out+=StringFormat("\\u%04x",(int)unit);
     }
   if(from<length)
      out+=StringSubstr(text,from);
   return(out+"\"");
  }

class JsonWriter
  {
private:
   string            m_text;
   bool              m_first;

   void              Comma(void)
     {
      if(!m_first)
         m_text+=",";
      m_first=false;
     }

   void              Name(const string name)
     {
      Comma();
      if(StringLen(name)>0)
         m_text+="\""+name+"\":";
     }

public:
                     JsonWriter(void)
     {
      Clear();
     }

   void              Clear(void)
     {
      m_text="";
      m_first=true;
     }

   // An empty name stands for the top or an item of a list.
   void              Open(const string name)
     {
      Name(name);
      m_text+="{";
      m_first=true;
     }

   void              Close(void)
     {
      m_text+="}";
      m_first=false;
     }

   void              OpenList(const string name)
     {
      Name(name);
      m_text+="[";
      m_first=true;
     }

   void              CloseList(void)
     {
      m_text+="]";
      m_first=false;
     }

   // `value` is JSON already.
   void              Raw(const string name,const string value)
     {
      Name(name);
      m_text+=value;
     }

   void              Text(const string name,const string value)
     {
      Raw(name,Quoted(value));
     }

   // An empty text is null.
   void              TextOrNull(const string name,const string value)
     {
      Raw(name,StringLen(value)==0 ? "null" : Quoted(value));
     }

   void              Number(const string name,const long value)
     {
      Raw(name,StringFormat("%I64d",value));
     }

   void              Flag(const string name,const bool value)
     {
      Raw(name,value ? "true" : "false");
     }

   void              Null(const string name)
     {
      Raw(name,"null");
     }

   // Tickets and magic numbers pass what a JSON number holds exactly.
   void              Ticket(const string name,const ulong value)
     {
      Raw(name,"\""+UnsignedText(value)+"\"");
     }

   // 0 is null.
   void              TicketOrNull(const string name,const ulong value)
     {
      if(value==0)
         Null(name);
      else
         Ticket(name,value);
     }

   string            Result(void)
     {
      return(m_text);
     }

   int               Length(void)
     {
      return(StringLen(m_text));
     }
  };

#endif
