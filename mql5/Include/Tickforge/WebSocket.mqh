// The client's side of RFC 6455 over a Transport: handshake with its answer checked, masked frames, fragments, ping and pong,
// close with a code, bounds on everything. Text messages only: this protocol has no other.

#ifndef TICKFORGE_WEBSOCKET
#define TICKFORGE_WEBSOCKET

#include <Tickforge/Crypto.mqh>
#include <Tickforge/Limits.mqh>
#include <Tickforge/Socket.mqh>

#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

#define WS_CONTINUATION 0
#define WS_TEXT 1
#define WS_BINARY 2
#define WS_CLOSE 8
#define WS_PING 9
#define WS_PONG 10

#define WS_NORMAL 1000
#define WS_GOING_AWAY 1001
#define WS_PROTOCOL_ERROR 1002
#define WS_UNSUPPORTED 1003
#define WS_NOT_UTF8 1007
#define WS_POLICY 1008
#define WS_TOO_BIG 1009

enum WebSocketState
  {
   WS_STATE_CLOSED,
   WS_STATE_HANDSHAKE,
   WS_STATE_OPEN
  };

// Whether the bytes are UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool IsUtf8(const uchar &bytes[])
  {
   int count=ArraySize(bytes);
   int i=0;
   while(i<count)
     {
      int lead=(int)bytes[i];
      i++;
      if(lead<0x80)
         continue;
      int more=(lead>=0xC2 && lead<=0xDF ? 1 : (lead>=0xE0 && lead<=0xEF ? 2 : (lead>=0xF0 && lead<=0xF4 ? 3 : 0)));
      if(more==0 || i+more>count)
         return(false);
      int second=(int)bytes[i];
      if((lead==0xE0 && second<0xA0) || (lead==0xED && second>0x9F) ||
         (lead==0xF0 && second<0x90) || (lead==0xF4 && second>0x8F))
         return(false);
      for(int k=0; k<more; k++)
         if(((int)bytes[i+k]&0xC0)!=0x80)
            return(false);
      i+=more;
     }
   return(true);
  }

class WebSocket
  {
private:
   Transport         m_transport;
   WebSocketState    m_state;
   string            m_accept;
   ulong             m_deadline;
   uchar             m_input[];
   int               m_from;
   // Fragments of a message so far.
   uchar             m_message[];
   bool              m_fragmented;
   bool              m_ready;
   // Nothing will be read or written any more; what was read is still there.
   bool              m_gone;
   string            m_fault;

   int               Waiting(void)
     {
      return(ArraySize(m_input)-m_from);
     }

   int               Byte(const int offset)
     {
      return((int)m_input[m_from+offset]);
     }

   void              Consume(const int count)
     {
      m_from+=count;
      if(m_from<ArraySize(m_input) && m_from<SOCKET_READ_MAX)
         return;
      ArrayRemove(m_input,0,(uint)m_from);
      m_from=0;
     }

   void              Frame(const int opcode,const uchar &payload[])
     {
      int count=ArraySize(payload);
      uchar mask[];
      g_random.Draw(4,mask);
      uchar frame[];
      int head=(count<126 ? 2 : (count<65536 ? 4 : 10));
      ArrayResize(frame,head+4+count);
      frame[0]=(uchar)(0x80|opcode);
      if(head==2)
         frame[1]=(uchar)(0x80|count);
      else
        {
         frame[1]=(uchar)(head==4 ? 0xFE : 0xFF);
         for(int i=2; i<head; i++)
           {
            int shift=8*(head-1-i);
            frame[i]=(uchar)(shift<32 ? (count>>shift)&0xFF : 0);
           }
        }
      for(int i=0; i<4; i++)
         frame[head+i]=mask[i];
      for(int i=0; i<count; i++)
         frame[head+4+i]=(uchar)(payload[i]^mask[i%4]);
      m_transport.Queue(frame);
     }

   void              Fail(const int code,const string what)
     {
      if(StringLen(m_fault)==0)
         m_fault=what;
      if(m_state==WS_STATE_OPEN)
         CloseWith(code,"");
      Drop();
     }

   void              Drop(void)
     {
      m_transport.Close();
      m_state=WS_STATE_CLOSED;
      ArrayResize(m_input,0);
      ArrayResize(m_message,0);
      m_from=0;
      m_fragmented=false;
      m_ready=false;
      m_gone=false;
     }

   // The value of a header, in a block of lines; empty when it is not there exactly once.
   string            Header(const string block,const string name)
     {
      string lower=block;
      StringToLower(lower);
      string wanted="\r\n"+name+":";
      int at=StringFind(lower,wanted);
      if(at<0 || StringFind(lower,wanted,at+1)>=0)
         return("");
      int from=at+StringLen(wanted);
      int end=StringFind(block,"\r\n",from);
      string value=StringSubstr(block,from,end-from);
      StringTrimLeft(value);
      StringTrimRight(value);
      return(value);
     }

   void              Handshake(void)
     {
      int end=-1;
      int waiting=Waiting();
      for(int i=3; i<waiting && end<0; i++)
         if(Byte(i-3)=='\r' && Byte(i-2)=='\n' && Byte(i-1)=='\r' && Byte(i)=='\n')
            end=i+1;
      if(end<0)
        {
         if(waiting>HANDSHAKE_BYTES_MAX)
            Fail(WS_PROTOCOL_ERROR,"the answer to the handshake is too long");
         else
            if(GetTickCount64()>m_deadline)
               Fail(WS_PROTOCOL_ERROR,"no answer to the handshake");
         return;
        }
      string block=CharArrayToString(m_input,m_from,end,CP_UTF8);
      Consume(end);
      string upgrade=Header(block,"upgrade");
      string connection=Header(block,"connection");
      StringToLower(upgrade);
      StringToLower(connection);
      if(StringSubstr(block,0,12)!="HTTP/1.1 101")
         Fail(WS_PROTOCOL_ERROR,"the server does not talk WebSocket here: "+Cut(block,40));
      else
         if(upgrade!="websocket" || StringFind(connection,"upgrade")<0 || Header(block,"sec-websocket-accept")!=m_accept)
            Fail(WS_PROTOCOL_ERROR,"the answer to the handshake does not fit");
         else
            if(StringLen(Header(block,"sec-websocket-extensions"))>0 || StringLen(Header(block,"sec-websocket-protocol"))>0)
               Fail(WS_PROTOCOL_ERROR,"the server chose what was not offered");
            else
               m_state=WS_STATE_OPEN;
     }

   void              Control(const int opcode,const uchar &payload[])
     {
      if(opcode==WS_PING)
         Frame(WS_PONG,payload);
      if(opcode!=WS_CLOSE)
         return;
      int code=(ArraySize(payload)>=2 ? ((int)payload[0]<<8)|(int)payload[1] : 1005);
      string why=(ArraySize(payload)>2 ? CharArrayToString(payload,2,WHOLE_ARRAY,CP_UTF8) : "");
      Fail(WS_NORMAL,StringFormat("closed by the server, code %d %s",code,why));
     }

   void              Data(const int opcode,const bool last,const uchar &payload[])
     {
      if(opcode==WS_BINARY)
         Fail(WS_UNSUPPORTED,"a binary message");
      else
         if((opcode==WS_CONTINUATION)!=m_fragmented)
            Fail(WS_PROTOCOL_ERROR,"fragments out of order");
         else
            if(ArraySize(m_message)+ArraySize(payload)>FROM_SERVER_BYTES_MAX)
               Fail(WS_TOO_BIG,"a message that is too long");
            else
              {
               Append(m_message,payload);
               m_fragmented=!last;
               m_ready=last;
               if(last && !IsUtf8(m_message))
                  Fail(WS_NOT_UTF8,"a text that is not UTF-8");
              }
     }

   // Takes one frame of what has arrived; false when none is complete.
   bool              TakeFrame(void)
     {
      int waiting=Waiting();
      if(waiting<2)
         return(false);
      int first=Byte(0);
      int opcode=first&0x0F;
      int length=Byte(1)&0x7F;
      bool control=(opcode>=WS_CLOSE);
      bool known=(opcode<=WS_BINARY || (opcode>=WS_CLOSE && opcode<=WS_PONG));
      if((first&0x70)!=0 || (Byte(1)&0x80)!=0 || !known || (control && ((first&0x80)==0 || length>125)))
        {
         Fail(WS_PROTOCOL_ERROR,"a frame against RFC 6455");
         return(false);
        }
      int head=(length<126 ? 2 : (length==126 ? 4 : 10));
      if(waiting<head)
         return(false);
      if(head>2)
        {
         ulong wide=0;
         for(int i=2; i<head; i++)
            wide=(wide<<8)|(ulong)Byte(i);
         if(wide>FROM_SERVER_BYTES_MAX)
           {
            Fail(WS_TOO_BIG,"a message that is too long");
            return(false);
           }
         length=(int)wide;
        }
      if(waiting<head+length)
         return(false);
      uchar payload[];
      if(length>0)
         ArrayCopy(payload,m_input,0,m_from+head,length);
      Consume(head+length);
      if(control)
         Control(opcode,payload);
      else
         Data(opcode,(first&0x80)!=0,payload);
      return(m_state==WS_STATE_OPEN);
     }

public:
                     WebSocket(void)
     {
      m_state=WS_STATE_CLOSED;
      m_from=0;
      m_fragmented=false;
      m_ready=false;
      m_gone=false;
      m_deadline=0;
     }

   bool              Connect(const string host,const uint port,const bool tls,const string path,const string thumbprint)
     {
      Drop();
      m_fault="";
      if(!m_transport.Connect(host,port,tls,thumbprint,m_fault))
         return(false);
      uchar key[];
      g_random.Draw(16,key);
      string keyText=Base64(key);
      uchar wanted[];
      uchar digest[];
      Bytes(keyText+WS_GUID,wanted);
      if(!Digest(CRYPT_HASH_SHA1,wanted,digest))
        {
         Fail(WS_PROTOCOL_ERROR,"the terminal has no SHA-1");
         return(false);
        }
      m_accept=Base64(digest);
      bool usual=(tls ? port==443 : port==80);
      string hostText=(usual ? host : StringFormat("%s:%u",host,port));
      uchar request[];
      Bytes("GET "+path+" HTTP/1.1\r\nHost: "+hostText+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
            "Sec-WebSocket-Key: "+keyText+"\r\nSec-WebSocket-Version: 13\r\n\r\n",request);
      m_transport.Queue(request);
      m_state=WS_STATE_HANDSHAKE;
      m_deadline=GetTickCount64()+HANDSHAKE_MS_MAX;
      return(true);
     }

   WebSocketState    State(void)
     {
      return(m_state);
     }

   // Why it closed last.
   string            Fault(void)
     {
      return(m_fault);
     }

   int               Unsent(void)
     {
      return(m_transport.Unsent());
     }

   void              SendText(const uchar &payload[])
     {
      if(m_state==WS_STATE_OPEN)
         Frame(WS_TEXT,payload);
     }

   // Says goodbye and is closed at once: nobody waits for the answer in a thread that trades.
   void              CloseWith(const int code,const string why)
     {
      if(m_state==WS_STATE_OPEN)
        {
         uchar payload[];
         uchar words[];
         Bytes(why,words);
         ArrayResize(payload,2);
         payload[0]=(uchar)(code>>8);
         payload[1]=(uchar)(code&0xFF);
         Append(payload,words);
         Frame(WS_CLOSE,payload);
         m_transport.Flush();
         // Bytes left unread would make the system take back what was just written.
         m_transport.Read(m_input);
        }
      Drop();
     }

   // Writes and reads what the connection takes and has, without waiting.
   void              Poll(void)
     {
      if(m_state==WS_STATE_CLOSED)
         return;
      // What is unread stays bounded: a message that waits is taken first.
      bool alive=(Waiting()>FROM_SERVER_BYTES_MAX*2 || m_transport.Read(m_input));
      if(!m_transport.Flush() || !alive)
         m_gone=true;
      if(m_state==WS_STATE_HANDSHAKE)
        {
         Handshake();
         if(m_gone && m_state==WS_STATE_HANDSHAKE)
            Fail(WS_GOING_AWAY,"the connection broke");
        }
     }

   // The next message, if one is complete.
   bool              Take(uchar &message[])
     {
      while(m_state==WS_STATE_OPEN && !m_ready && TakeFrame())
         continue;
      // What arrived before the connection broke was still taken.
      if(!m_ready && m_gone && m_state==WS_STATE_OPEN)
         Fail(WS_GOING_AWAY,"the connection broke");
      if(!m_ready)
         return(false);
      ArrayResize(message,0);
      Append(message,m_message);
      ArrayResize(m_message,0);
      m_ready=false;
      return(true);
     }
  };

#endif
