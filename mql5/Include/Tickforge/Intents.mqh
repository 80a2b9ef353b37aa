// Every intent that may have reached the broker, in a file that all Expert Advisors of this terminal share. It is flushed before an
// order leaves and read back at the start: the same intent is never sent twice, whatever crashed in between.

#ifndef TICKFORGE_INTENTS
#define TICKFORGE_INTENTS

#include <Tickforge/Crypto.mqh>
#include <Tickforge/Files.mqh>
#include <Tickforge/JsonReader.mqh>
#include <Tickforge/JsonWriter.mqh>

enum IntentState
  {
   INTENT_SENDING,
   INTENT_UNKNOWN,
   INTENT_WORKING,
   INTENT_DONE,
   INTENT_REJECTED,
   INTENT_REFUSED
  };

struct Intent
  {
   string            id;
   ulong             magic;
   long              epoch;
   // 0 for those of the terminal's own.
   long              commandSeq;
   string            command;
   string            symbol;
   IntentState       state;
   uint              retcode;
   ulong             order;
   ulong             deal;
   double            filled;
   // What a modify, close or cancel is about, and the levels it asked for: proof is looked up by them.
   ulong             target;
   bool              ofPosition;
   double            price;
   double            sl;
   double            tp;
   // Which connection it is bound to.
   int               slot;
   // When it was written down, by the trade server's clock, in seconds: where a look through the history begins.
   long              brokerSeconds;
  };

void ClearIntent(Intent &intent)
  {
   intent.id="";
   intent.magic=0;
   intent.epoch=0;
   intent.commandSeq=0;
   intent.command="order";
   intent.symbol="";
   intent.state=INTENT_SENDING;
   intent.retcode=0;
   intent.order=0;
   intent.deal=0;
   intent.filled=0;
   intent.target=0;
   intent.ofPosition=false;
   intent.price=0;
   intent.sl=0;
   intent.tp=0;
   intent.slot=0;
   intent.brokerSeconds=0;
  }

string StateText(const IntentState state)
  {
   switch(state)
     {
      case INTENT_SENDING:
         return("sending");
      case INTENT_WORKING:
         return("working");
      case INTENT_DONE:
         return("done");
      case INTENT_REJECTED:
         return("rejected");
      case INTENT_REFUSED:
         return("refused");
      default:
         return("unknown");
     }
  }

// What cannot be read is UNKNOWN, never final.
IntentState StateOfText(const string text)
  {
   if(text=="working")
      return(INTENT_WORKING);
   if(text=="done")
      return(INTENT_DONE);
   if(text=="rejected")
      return(INTENT_REJECTED);
   if(text=="refused")
      return(INTENT_REFUSED);
   return(text=="sending" ? INTENT_SENDING : INTENT_UNKNOWN);
  }

bool IsFinal(const IntentState state)
  {
   return(state==INTENT_DONE || state==INTENT_REJECTED || state==INTENT_REFUSED);
  }

// Those which the server has not given carry numbers from here on.
#define OWN_MAGIC_FROM 4611686018427387904

bool IsOwn(const Intent &intent)
  {
   return(intent.magic>=OWN_MAGIC_FROM);
  }

// As the server reads it.
void WriteIntent(JsonWriter &json,const string name,const Intent &intent)
  {
   json.Open(name);
   json.Text("intentId",intent.id);
   json.Ticket("magic",intent.magic);
   json.Number("epoch",intent.epoch);
   json.Raw("commandSeq",intent.commandSeq==0 ? "null" : StringFormat("%I64d",intent.commandSeq));
   json.Text("origin",IsOwn(intent) ? "terminal" : "server");
   json.Text("command",intent.command);
   json.Text("symbol",intent.symbol);
   json.Text("state",StateText(intent.state));
   json.Number("retcode",(long)intent.retcode);
   json.TicketOrNull("order",intent.order);
   json.TicketOrNull("deal",intent.deal);
   json.Text("volumeFilled",Plain(intent.filled,8));
   json.Close();
  }

class IntentBook
  {
private:
   LineLog           m_log;
   string            m_folder;
   string            m_key;
   Intent            m_intents[];
   long              m_epoch;
   long              m_commandSeq;
   int               m_damaged;

   string            Line(const Intent &intent)
     {
      JsonWriter json;
      json.Open("");
      json.Text("id",intent.id);
      json.Ticket("magic",intent.magic);
      json.Number("epoch",intent.epoch);
      json.Number("seq",intent.commandSeq);
      json.Text("command",intent.command);
      json.Text("symbol",intent.symbol);
      json.Text("state",StateText(intent.state));
      json.Number("retcode",(long)intent.retcode);
      json.Ticket("order",intent.order);
      json.Ticket("deal",intent.deal);
      json.Text("filled",Plain(intent.filled,8));
      json.Ticket("target",intent.target);
      json.Flag("ofPosition",intent.ofPosition);
      json.Text("price",Plain(intent.price,8));
      json.Text("sl",Plain(intent.sl,8));
      json.Text("tp",Plain(intent.tp,8));
      json.Number("slot",intent.slot);
      json.Number("at",intent.brokerSeconds);
      json.Close();
      return(CheckedLine(json.Result()));
     }

   ulong             Unsigned(JsonReader &json,const string name)
     {
      ulong value=0;
      ParseUnsigned(json.Text(0,name,20),value);
      return(value);
     }

   bool              Parse(const string payload,Intent &intent)
     {
      JsonReader json;
      if(!json.Read(payload))
         return(false);
      intent.id=json.Text(0,"id",64);
      intent.magic=Unsigned(json,"magic");
      intent.epoch=json.Number(0,"epoch",0,LONG_MAX);
      intent.commandSeq=json.Number(0,"seq",0,LONG_MAX);
      intent.command=json.Text(0,"command",16);
      intent.symbol=json.Text(0,"symbol",31);
      intent.state=StateOfText(json.Text(0,"state",16));
      intent.retcode=(uint)json.Number(0,"retcode",0,UINT_MAX);
      intent.order=Unsigned(json,"order");
      intent.deal=Unsigned(json,"deal");
      intent.filled=StringToDouble(json.Text(0,"filled",32));
      intent.target=Unsigned(json,"target");
      intent.ofPosition=json.Flag(0,"ofPosition");
      intent.price=StringToDouble(json.Text(0,"price",32));
      intent.sl=StringToDouble(json.Text(0,"sl",32));
      intent.tp=StringToDouble(json.Text(0,"tp",32));
      intent.slot=(int)json.Number(0,"slot",0,CONNECTIONS_MAX);
      intent.brokerSeconds=json.Number(0,"at",0,LONG_MAX);
      return(StringLen(json.Fault())==0);
     }

   void              Keep(const Intent &intent)
     {
      int at=IndexOf(intent.id);
      if(at<0)
        {
         at=ArraySize(m_intents);
         ArrayResize(m_intents,at+1,1024);
        }
      m_intents[at]=intent;
      if(intent.commandSeq>m_commandSeq)
         m_commandSeq=intent.commandSeq;
     }

   string            LockName(void)
     {
      return("TFlock_"+m_key);
     }

   // 63 characters are all that a name may have.
   string            ClaimName(const string id)
     {
      uchar text[];
      uchar digest[];
      Bytes(m_key+" "+id,text);
      if(!Digest(CRYPT_HASH_SHA256,text,digest))
         return("");
      return("TFclaim_"+StringSubstr(Hex(digest),0,40));
     }

   // Final intents of a day ago go. At the start, what this connection was sending is UNKNOWN.
   void              Prune(const int slot,const bool starting)
     {
      string text="";
      int kept=0;
      long oldest=(long)TimeCurrent()-INTENT_KEPT_MS/1000;
      for(int i=0; i<ArraySize(m_intents); i++)
        {
         if(starting && m_intents[i].state==INTENT_SENDING && m_intents[i].slot==slot)
            m_intents[i].state=INTENT_UNKNOWN;
         if(IsFinal(m_intents[i].state) && m_intents[i].brokerSeconds<oldest)
            continue;
         if(kept!=i)
            m_intents[kept]=m_intents[i];
         text+=Line(m_intents[kept]);
         kept++;
        }
      if(kept<ArraySize(m_intents) && !m_log.Replace(text))
         Print("Tickforge: old intents stay in the file, another Expert Advisor has it open");
      ArrayResize(m_intents,kept,1024);
     }

   string            EpochPath(void)
     {
      return(m_folder+"epoch.txt");
     }

public:
                     IntentBook(void)
     {
      m_epoch=0;
      m_commandSeq=0;
      m_damaged=0;
     }

   // False when the files cannot be read or written: then nothing may be traded.
   bool              Open(const string folder,const string key,const int slot)
     {
      m_folder=folder;
      m_key=key;
      m_epoch=0;
      m_commandSeq=0;
      m_damaged=0;
      ArrayResize(m_intents,0);
      TerminalLock guard;
      if(!guard.Take(LockName()))
         return(false);
      bool opened=(m_log.Open(folder+"intents.txt") && CatchUp());
      if(opened)
         Prune(slot,true);
      guard.Give();
      return(opened && ReadEpoch());
     }

   void              Close(void)
     {
      m_log.Close();
     }

   // What others wrote since.
   bool              CatchUp(void)
     {
      string payloads[];
      Intent intent;
      while(m_log.ReadOn(payloads,m_damaged,1048576))
         for(int i=0; i<ArraySize(payloads); i++)
           {
            if(Parse(payloads[i],intent))
               Keep(intent);
            else
               m_damaged++;
           }
      return(m_log.IsOpen());
     }

   // Lines that a crash tore or a disk damaged.
   int               Damaged(void)
     {
      return(m_damaged);
     }

   // A missing file is epoch 0; a damaged one is not: nobody knows which epoch was fenced.
   bool              ReadEpoch(void)
     {
      string payload="";
      if(!FileIsExist(EpochPath(),FILE_COMMON))
         return(true);
      JsonReader json;
      if(!LineLog::ReadFile(EpochPath(),payload) || !json.Read(payload))
         return(false);
      long epoch=json.Number(0,"epoch",0,LONG_MAX);
      if(StringLen(json.Fault())>0)
         return(false);
      if(epoch>m_epoch)
         m_epoch=epoch;
      return(true);
     }

   // On disk when it returns true. Under the lock of claims: an intent of an older epoch is in the file before it, or refused after it.
   bool              Fence(const long epoch)
     {
      JsonWriter json;
      json.Open("");
      json.Number("epoch",epoch);
      json.Close();
      TerminalLock guard;
      if(!guard.Take(LockName()))
         return(false);
      bool written=LineLog::ReplaceFile(EpochPath(),CheckedLine(json.Result()));
      guard.Give();
      if(written)
         m_epoch=epoch;
      return(written);
     }

   long              Epoch(void)
     {
      return(m_epoch);
     }

   long              CommandSeq(void)
     {
      return(m_commandSeq);
     }

   int               Total(void)
     {
      return(ArraySize(m_intents));
     }

   Intent            At(const int index)
     {
      return(m_intents[index]);
     }

   int               IndexOf(const string id)
     {
      for(int i=ArraySize(m_intents)-1; i>=0; i--)
         if(m_intents[i].id==id)
            return(i);
      return(-1);
     }

   int               IndexOfMagic(const ulong magic)
     {
      for(int i=ArraySize(m_intents)-1; i>=0; i--)
         if(m_intents[i].magic==magic)
            return(i);
      return(-1);
     }

   // Writes the intent down for this connection alone. An empty answer: it is on disk and may be sent. Else why not.
   string            Claim(const Intent &intent)
     {
      TerminalLock guard;
      if(!guard.Take(LockName()))
         return("storage-failed");
      string why="";
      string name=ClaimName(intent.id);
      bool read=(CatchUp() && ReadEpoch());
      if(read && ArraySize(m_intents)>=INTENTS_MAX)
         Prune(intent.slot,false);
      if(!read || StringLen(name)==0 || ArraySize(m_intents)>=INTENTS_MAX)
         why="storage-failed";
      else
         if(IndexOf(intent.id)>=0 || IndexOfMagic(intent.magic)>=0)
            why="repeated";
         else
            // Another connection was fenced since the command was looked at.
            if(intent.epoch<m_epoch)
               why="stale-epoch";
      if(StringLen(why)==0)
        {
         GlobalVariableTemp(name);
         if(!GlobalVariableSetOnCondition(name,(double)(intent.slot+1),0))
            why="claimed-elsewhere";
        }
      if(StringLen(why)==0 && !Write(intent))
         why="storage-failed";
      guard.Give();
      return(why);
     }

   // Changes what is known of an intent; on disk when it returns true.
   bool              Update(const Intent &intent)
     {
      TerminalLock guard;
      if(!guard.Take(LockName()))
         return(false);
      bool written=(CatchUp() && Write(intent));
      guard.Give();
      return(written);
     }

private:
   bool              Write(const Intent &intent)
     {
      if(!m_log.AppendText(Line(intent)))
         return(false);
      m_log.Flush();
      Keep(intent);
      return(true);
     }
  };

#endif
