// Reads JSON strictly, with bounds on depth and size. Fields are taken by name and kind; one that is missing, of another kind,
// out of range or never asked for is a fault that names it.

#ifndef TICKFORGE_JSON_READER
#define TICKFORGE_JSON_READER

#include <Tickforge/Limits.mqh>
#include <Tickforge/Text.mqh>

enum JsonKind
  {
   JSON_NULL,
   JSON_FLAG,
   JSON_NUMBER,
   JSON_TEXT,
   JSON_LIST,
   JSON_OBJECT
  };

struct JsonNode
  {
   JsonKind          kind;
   // Of a text what it says, of a number or flag as written.
   string            value;
   // Within an object; empty elsewhere.
   string            name;
   int               parent;
   // Whether somebody asked for it.
   bool              used;
  };

class JsonReader
  {
private:
   string            m_text;
   int               m_length;
   int               m_at;
   JsonNode          m_nodes[];
   int               m_count;
   string            m_fault;

   void              Fail(const string what)
     {
      if(StringLen(m_fault)==0)
         m_fault=what;
     }

   ushort            Unit(void)
     {
      return(m_at<m_length ? StringGetCharacter(m_text,m_at) : (ushort)0);
     }

   void              Blanks(void)
     {
      while(m_at<m_length)
        {
         ushort unit=StringGetCharacter(m_text,m_at);
         if(unit!=' ' && unit!='\t' && unit!='\n' && unit!='\r')
            return;
         m_at++;
        }
     }

   bool              Take(const ushort wanted)
     {
      if(Unit()!=wanted || m_at>=m_length)
         return(false);
      m_at++;
      return(true);
     }

   int               Add(const JsonKind kind,const string name,const int parent)
     {
      if(m_count>=JSON_NODES_MAX)
        {
         Fail("too many values");
         return(-1);
        }
      ArrayResize(m_nodes,m_count+1,256);
      m_nodes[m_count].kind=kind;
      m_nodes[m_count].value="";
      m_nodes[m_count].name=name;
      m_nodes[m_count].parent=parent;
      m_nodes[m_count].used=false;
      m_count++;
      return(m_count-1);
     }

   int               HexDigit(void)
     {
      ushort unit=Unit();
      m_at++;
      if(IsDigit(unit))
         return((int)unit-'0');
      if(unit>='a' && unit<='f')
         return((int)unit-'a'+10);
      if(unit>='A' && unit<='F')
         return((int)unit-'A'+10);
      Fail("a bad escape");
      return(0);
     }

   string            Escaped(void)
     {
      ushort unit=Unit();
      m_at++;
      switch(unit)
        {
         case '"':
         case '\\':
         case '/':
            return(ShortToString(unit));
         case 'b':
            return(ShortToString(8));
         case 'f':
            return(ShortToString(12));
         case 'n':
            return(ShortToString(10));
         case 'r':
            return(ShortToString(13));
         case 't':
            return(ShortToString(9));
         case 'u':
           {
            int code=0;
            for(int i=0; i<4; i++)
               code=code*16+HexDigit();
            if(code==0)
               Fail("a zero within a text");
            return(ShortToString((ushort)code));
           }
        }
      Fail("a bad escape");
      return("");
     }

   // Behind the opening quote, up to and with the closing one.
   string            TextToken(void)
     {
      string out="";
      int from=m_at;
      while(m_at<m_length && StringLen(m_fault)==0)
        {
         ushort unit=StringGetCharacter(m_text,m_at);
         if(unit<' ')
            break;
         if(unit!='"' && unit!='\\')
           {
            m_at++;
            continue;
           }
         if(m_at>from)
            out+=StringSubstr(m_text,from,m_at-from);
         m_at++;
         if(unit=='"')
            return(out);
         out+=Escaped();
         from=m_at;
        }
      Fail("a text without end");
      return("");
     }

   void              Digits(void)
     {
      int from=m_at;
      while(IsDigit(Unit()))
         m_at++;
      if(m_at==from)
         Fail("a bad number");
     }

   void              NumberToken(const string name,const int parent)
     {
      int from=m_at;
      Take('-');
      if(!Take('0'))
         Digits();
      if(Take('.'))
         Digits();
      if(Unit()=='e' || Unit()=='E')
        {
         m_at++;
         if(!Take('+'))
            Take('-');
         Digits();
        }
      int node=Add(JSON_NUMBER,name,parent);
      if(node>=0)
         m_nodes[node].value=StringSubstr(m_text,from,m_at-from);
     }

   void              Word(const string word,const JsonKind kind,const string name,const int parent)
     {
      int length=StringLen(word);
      if(StringSubstr(m_text,m_at,length)!=word)
        {
         Fail("an unknown word");
         return;
        }
      m_at+=length;
      int node=Add(kind,name,parent);
      if(node>=0)
         m_nodes[node].value=word;
     }

   void              Members(const int node,const int depth)
     {
      Blanks();
      if(Take('}'))
         return;
      while(StringLen(m_fault)==0)
        {
         Blanks();
         if(!Take('"'))
           {
            Fail("a member without name");
            return;
           }
         string name=TextToken();
         if(StringLen(name)==0 || Find(node,name)>=0)
            Fail("a member twice or without name");
         Blanks();
         if(!Take(':'))
            Fail("a member without value");
         Value(name,node,depth);
         Blanks();
         if(Take('}'))
            return;
         if(!Take(','))
            Fail("an object without end");
        }
     }

   void              Items(const int node,const int depth)
     {
      Blanks();
      if(Take(']'))
         return;
      while(StringLen(m_fault)==0)
        {
         Value("",node,depth);
         Blanks();
         if(Take(']'))
            return;
         if(!Take(','))
            Fail("a list without end");
        }
     }

   void              Value(const string name,const int parent,const int depth)
     {
      if(StringLen(m_fault)>0)
         return;
      if(depth>JSON_DEPTH_MAX)
        {
         Fail("too deep");
         return;
        }
      Blanks();
      ushort unit=Unit();
      if(unit=='{' || unit=='[')
        {
         m_at++;
         int node=Add(unit=='{' ? JSON_OBJECT : JSON_LIST,name,parent);
         if(node<0)
            return;
         if(unit=='{')
            Members(node,depth+1);
         else
            Items(node,depth+1);
         return;
        }
      if(unit=='"')
        {
         m_at++;
         string text=TextToken();
         int node=Add(JSON_TEXT,name,parent);
         if(node>=0)
            m_nodes[node].value=text;
         return;
        }
      if(unit=='t')
         Word("true",JSON_FLAG,name,parent);
      else
         if(unit=='f')
            Word("false",JSON_FLAG,name,parent);
         else
            if(unit=='n')
               Word("null",JSON_NULL,name,parent);
            else
               NumberToken(name,parent);
     }

   // A member that is there and marked as used; -1 and a fault otherwise.
   int               Wanted(const int node,const string name)
     {
      int found=Find(node,name);
      if(found<0)
         Fail(name+" is missing");
      else
         m_nodes[found].used=true;
      return(found);
     }

   // The member, if it is of that kind.
   int               OfKind(const int node,const string name,const JsonKind kind)
     {
      int found=Wanted(node,name);
      if(found<0 || m_nodes[found].kind==kind)
         return(found);
      Fail(name+" is of another kind");
      return(-1);
     }

public:
   // Takes one object and nothing behind it. Node 0 is that object.
   bool              Read(const string text)
     {
      m_text=text;
      m_length=StringLen(text);
      m_at=0;
      m_count=0;
      m_fault="";
      Value("",-1,1);
      Blanks();
      if(StringLen(m_fault)==0 && m_at<m_length)
         Fail("something behind the object");
      if(StringLen(m_fault)==0 && m_nodes[0].kind!=JSON_OBJECT)
         Fail("no object");
      return(StringLen(m_fault)==0);
     }

   string            Fault(void)
     {
      return(m_fault);
     }

   int               Find(const int node,const string name)
     {
      for(int i=node+1; i<m_count; i++)
         if(m_nodes[i].parent==node && m_nodes[i].name==name)
            return(i);
      return(-1);
     }

   // The item of a list that comes behind `previous`; begin with the list itself. -1 at the end.
   int               NextItem(const int list,const int previous)
     {
      for(int i=previous+1; i<m_count; i++)
         if(m_nodes[i].parent==list)
           {
            m_nodes[i].used=true;
            return(i);
           }
      return(-1);
     }

   int               Object(const int node,const string name)
     {
      return(OfKind(node,name,JSON_OBJECT));
     }

   int               List(const int node,const string name)
     {
      return(OfKind(node,name,JSON_LIST));
     }

   string            Text(const int node,const string name,const int unitsMax)
     {
      int found=OfKind(node,name,JSON_TEXT);
      if(found<0)
         return("");
      if(StringLen(m_nodes[found].value)>unitsMax)
         Fail(name+" is too long");
      return(m_nodes[found].value);
     }

   long              Number(const int node,const string name,const long min,const long max)
     {
      int found=OfKind(node,name,JSON_NUMBER);
      if(found<0)
         return(min);
      string text=m_nodes[found].value;
      bool negative=(StringGetCharacter(text,0)=='-');
      ulong magnitude=0;
      if(!ParseUnsigned(negative ? StringSubstr(text,1) : text,magnitude) || magnitude>9007199254740991)
        {
         Fail(name+" is no whole number");
         return(min);
        }
      long value=(negative ? -(long)magnitude : (long)magnitude);
      if(value>=min && value<=max)
         return(value);
      Fail(name+" is out of range");
      return(min);
     }

   bool              Flag(const int node,const string name)
     {
      int found=OfKind(node,name,JSON_FLAG);
      return(found>=0 && m_nodes[found].value=="true");
     }

   // Whether the member is null; what is not there is a fault.
   bool              IsNull(const int node,const string name)
     {
      int found=Wanted(node,name);
      return(found<0 || m_nodes[found].kind==JSON_NULL);
     }

   // A ticket or magic number: a text of digits, above zero.
   ulong             Ticket(const int node,const string name)
     {
      ulong value=0;
      string text=Text(node,name,20);
      if(StringLen(m_fault)==0 && (!ParseUnsigned(text,value) || value==0 || StringGetCharacter(text,0)=='0'))
         Fail(name+" is no ticket");
      return(value);
     }

   // A decimal above zero; 0 where it is null.
   double            DecimalOrNull(const int node,const string name)
     {
      if(IsNull(node,name))
         return(0);
      string text=Text(node,name,21);
      double value=(IsPlainDecimal(text) ? StringToDouble(text) : 0);
      if(value<=0)
         Fail(name+" is no decimal above zero");
      return(value);
     }

   // Faults if a member of `node` was never asked for.
   void              NoMore(const int node)
     {
      for(int i=node+1; i<m_count; i++)
         if(m_nodes[i].parent==node && !m_nodes[i].used)
            Fail(m_nodes[i].name+" is unknown");
     }
  };

#endif
