// Files that survive a crash at any byte: append-only lines, each with a checksum, and small files replaced as a whole. They lie
// in the terminal's common folder, one folder per account.

#ifndef TICKFORGE_FILES
#define TICKFORGE_FILES

#include <Tickforge/Limits.mqh>
#include <Tickforge/Text.mqh>

#define SHARED (FILE_COMMON|FILE_SHARE_READ|FILE_SHARE_WRITE)

// Names of folders and of the terminal's variables take letters, digits, `-` and `_` only.
string SafeName(const string text)
  {
   string out="";
   int length=StringLen(text);
   for(int i=0; i<length; i++)
     {
      ushort unit=StringGetCharacter(text,i);
      bool plain=(IsDigit(unit) || (unit>='a' && unit<='z') || (unit>='A' && unit<='Z') || unit=='-');
      out+=(plain ? ShortToString(unit) : "_");
     }
   return(out);
  }

string CheckedLine(const string payload)
  {
   return(StringFormat("%08x ",Checksum(payload))+payload+"\n");
  }

// The payload of a line without its end; false when it was torn or damaged.
bool Unchecked(const string line,string &payload)
  {
   if(StringLen(line)<9)
      return(false);
   payload=StringSubstr(line,9);
   return(StringSubstr(line,0,9)==StringFormat("%08x ",Checksum(payload)));
  }

// One at a time among the Expert Advisors of this terminal, held for milliseconds. The variable holds when it was taken, 0 when free.
class TerminalLock
  {
private:
   string            m_name;
   double            m_mine;

public:
                     TerminalLock(void)
     {
      m_mine=0;
     }

   bool              Take(const string name)
     {
      m_name=name;
      ulong until=GetTickCount64()+LOCK_WAIT_MS;
      do
        {
         GlobalVariableTemp(name);
         ulong now=GetTickCount64();
         double held=GlobalVariableGet(name);
         bool stale=(held>0 && (held>(double)now || (double)now-held>LOCK_STALE_MS));
         m_mine=(double)now;
         if((held==0 || stale) && GlobalVariableSetOnCondition(name,m_mine,held))
            return(true);
         Sleep(1);
        }
      while(GetTickCount64()<until);
      m_mine=0;
      return(false);
     }

   void              Give(void)
     {
      // Unless somebody took it for stale.
      if(m_mine>0)
         GlobalVariableSetOnCondition(m_name,0,m_mine);
      m_mine=0;
     }
  };

// A connection's number belongs to one chart: two would write into the same files. The variable holds when it was last confirmed.
class SlotHold
  {
private:
   string            m_name;
   double            m_mine;

public:
                     SlotHold(void)
     {
      m_mine=0;
     }

   // True when this chart has it from now on, or has it still.
   bool              Confirm(const string name)
     {
      double now=(double)GetTickCount64();
      if(m_mine>0 && m_name==name && now-m_mine<SLOT_STALE_MS/5)
         return(true);
      m_name=name;
      GlobalVariableTemp(name);
      double held=GlobalVariableGet(name);
      bool others=(held>0 && held!=m_mine && held<=now && now-held<=SLOT_STALE_MS);
      if(others || !GlobalVariableSetOnCondition(name,now,held))
         return(false);
      m_mine=now;
      return(true);
     }

   void              Give(void)
     {
      if(m_mine>0)
         GlobalVariableSetOnCondition(m_name,0,m_mine);
      m_mine=0;
     }
  };

class LineLog
  {
private:
   int               m_handle;
   string            m_path;
   // How far it was read.
   long              m_at;
   uchar             m_rest[];

public:
                     LineLog(void)
     {
      m_handle=INVALID_HANDLE;
      m_at=0;
     }

   bool              Open(const string path)
     {
      Close();
      m_path=path;
      m_handle=FileOpen(path,FILE_READ|FILE_WRITE|FILE_BIN|SHARED);
      m_at=0;
      ArrayResize(m_rest,0);
      return(m_handle!=INVALID_HANDLE);
     }

   void              Close(void)
     {
      if(m_handle!=INVALID_HANDLE)
         FileClose(m_handle);
      m_handle=INVALID_HANDLE;
     }

   bool              IsOpen(void)
     {
      return(m_handle!=INVALID_HANDLE);
     }

   ulong             Size(void)
     {
      return(m_handle==INVALID_HANDLE ? 0 : FileSize(m_handle));
     }

   // Reads whole lines behind those read before, at most `bytesMax` bytes at once; false when there are none. Damaged ones are
   // left out and counted.
   bool              ReadOn(string &payloads[],int &damaged,const uint bytesMax)
     {
      ArrayResize(payloads,0);
      long left=(long)Size()-m_at;
      if(left<=0 || !FileSeek(m_handle,m_at,SEEK_SET))
         return(false);
      int wanted=(left>(long)bytesMax ? (int)bytesMax : (int)left);
      uchar bytes[];
      uint got=FileReadArray(m_handle,bytes,0,wanted);
      if(got==0)
         return(false);
      m_at+=(long)got;
      ArrayResize(bytes,(int)got);
      Append(m_rest,bytes);
      int count=ArraySize(m_rest);
      int from=0;
      int lines=0;
      for(int i=0; i<count; i++)
        {
         if(m_rest[i]!='\n')
            continue;
         string payload="";
         if(i>from && Unchecked(CharArrayToString(m_rest,from,i-from,CP_UTF8),payload))
           {
            ArrayResize(payloads,lines+1,1024);
            payloads[lines]=payload;
            lines++;
           }
         else
            damaged++;
         from=i+1;
        }
      if(from>0)
         ArrayRemove(m_rest,0,(uint)from);
      return(true);
     }

   // Behind everything, whoever wrote it. `text` is made of checked lines. Not on disk before Flush.
   bool              AppendText(const string text)
     {
      if(m_handle==INVALID_HANDLE || !FileSeek(m_handle,0,SEEK_END))
         return(false);
      uchar bytes[];
      // A torn line, left by a crash, must not swallow the next one.
      if(ArraySize(m_rest)>0)
         Bytes("\n",bytes);
      uchar added[];
      Bytes(text,added);
      Append(bytes,added);
      bool whole=((ulong)m_at==FileSize(m_handle));
      int count=ArraySize(bytes);
      if(FileWriteArray(m_handle,bytes,0,count)!=(uint)count)
         return(false);
      if(whole)
        {
         m_at+=(long)count;
         ArrayResize(m_rest,0);
        }
      return(true);
     }

   void              Flush(void)
     {
      if(m_handle!=INVALID_HANDLE)
         FileFlush(m_handle);
     }

   // The file holds `text` and nothing else, or stays as it was.
   bool              Replace(const string text)
     {
      string path=m_path;
      Close();
      bool replaced=ReplaceFile(path,text);
      return(Open(path) && replaced && FileSeek(m_handle,0,SEEK_END) && MarkRead());
     }

   bool              MarkRead(void)
     {
      m_at=(long)FileSize(m_handle);
      return(true);
     }

   static bool       ReplaceFile(const string path,const string text)
     {
      string fresh=path+".new";
      int handle=FileOpen(fresh,FILE_WRITE|FILE_BIN|SHARED);
      if(handle==INVALID_HANDLE)
         return(false);
      uchar bytes[];
      Bytes(text,bytes);
      int count=ArraySize(bytes);
      bool written=(count==0 || FileWriteArray(handle,bytes,0,count)==(uint)count);
      FileFlush(handle);
      FileClose(handle);
      return(written && FileMove(fresh,FILE_COMMON,path,FILE_COMMON|FILE_REWRITE));
     }

   // One checked line; false when there is none or it is damaged.
   static bool       ReadFile(const string path,string &payload)
     {
      payload="";
      int handle=FileOpen(path,FILE_READ|FILE_BIN|SHARED);
      if(handle==INVALID_HANDLE)
         return(false);
      uchar bytes[];
      uint got=FileReadArray(handle,bytes,0,LINE_BYTES_MAX);
      FileClose(handle);
      if(got<10 || bytes[(int)got-1]!='\n')
         return(false);
      return(Unchecked(CharArrayToString(bytes,0,(int)got-1,CP_UTF8),payload));
     }
  };

#endif
