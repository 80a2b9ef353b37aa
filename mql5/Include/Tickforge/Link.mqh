// The connection to the server: dials, proves the credential, signs and checks every frame, keeps both counters, and comes back
// after a backoff with jitter. How frames look and which bytes are signed is said in edge/mt5/protocol/envelope.ts.

#ifndef TICKFORGE_LINK
#define TICKFORGE_LINK

#include <Tickforge/Crypto.mqh>
#include <Tickforge/JsonReader.mqh>
#include <Tickforge/JsonWriter.mqh>
#include <Tickforge/Token.mqh>
#include <Tickforge/WebSocket.mqh>

#define MAC_CHARACTERS 64

enum LinkState
  {
   // Waits until it is time to dial.
   LINK_DOWN,
   LINK_DIALLING,
   // `open` is out, the challenge is not here.
   LINK_OPENED,
   // There are keys.
   LINK_KEYED
  };

struct Address
  {
   string            host;
   uint              port;
   string            path;
   bool              tls;
  };

// `wss://host[:port]/path`, or `ws://` on loopback: nothing goes out in clear.
bool ParseAddress(const string text,Address &address,string &fault)
  {
   address.tls=(StringSubstr(text,0,6)=="wss://");
   if(!address.tls && StringSubstr(text,0,5)!="ws://")
     {
      fault="InpServer must begin with wss:// or, on this machine, ws://";
      return(false);
     }
   string rest=StringSubstr(text,address.tls ? 6 : 5);
   int slash=StringFind(rest,"/");
   address.path=(slash<0 ? "/" : StringSubstr(rest,slash));
   string host=(slash<0 ? rest : StringSubstr(rest,0,slash));
   int colon=StringFind(host,":");
   ulong port=(address.tls ? 443 : 80);
   if(colon>=0 && (!ParseUnsigned(StringSubstr(host,colon+1),port) || port<1 || port>65535))
     {
      fault="InpServer has no port that exists";
      return(false);
     }
   address.port=(uint)port;
   address.host=(colon<0 ? host : StringSubstr(host,0,colon));
   if(StringLen(address.host)==0 || StringFind(address.path," ")>=0)
     {
      fault="InpServer names no host";
      return(false);
     }
   if(!address.tls && address.host!="127.0.0.1" && address.host!="localhost")
     {
      fault="ws:// is for 127.0.0.1 only: use wss:// for "+address.host;
      return(false);
     }
   return(true);
  }

class Link
  {
private:
   WebSocket         m_socket;
   LinkState         m_state;
   Address           m_address;
   string            m_thumbprint;
   Credential        m_credential;
   string            m_open;
   uchar             m_keyOut[];
   uchar             m_keyIn[];
   long              m_sent;
   long              m_received;
   ulong             m_heard;
   ulong             m_since;
   ulong             m_dialAt;
   uint              m_backoff;
   uint              m_backoffMin;
   uint              m_backoffMax;
   string            m_fault;
   // The server's reason for not talking, as its code.
   string            m_refused;

   void              Key(const string direction,const string transcript,uchar &key[])
     {
      uchar secret[];
      uchar text[];
      Bytes(m_credential.secret,secret);
      Bytes("tickforge mt5 1 "+direction+" "+transcript,text);
      if(!HmacSha256(secret,text,key))
         ArrayResize(key,0);
     }

   void              SendOpen(void)
     {
      JsonWriter json;
      json.Open("");
      json.Text("t","open");
      json.Number("v",PROTOCOL_VERSION);
      json.Text("credential",m_credential.kind);
      json.Text("id",m_credential.id);
      json.Text("nonce",RandomHex(16));
      json.Close();
      m_open=json.Result();
      uchar bytes[];
      Bytes(m_open,bytes);
      m_socket.SendText(bytes);
      m_state=LINK_OPENED;
      m_since=GetTickCount64();
     }

   void              Challenge(const string body)
     {
      JsonReader json;
      if(!json.Read(body))
        {
         Drop(WS_PROTOCOL_ERROR,"the server's challenge is no JSON: "+json.Fault());
         return;
        }
      string type=json.Text(0,"t",16);
      if(type=="refuse")
        {
         m_refused=json.Text(0,"code",32);
         Drop(WS_NORMAL,"refused by the server: "+m_refused+", "+json.Text(0,"words",256));
         return;
        }
      long version=json.Number(0,"v",0,1000000);
      string nonce=json.Text(0,"nonce",32);
      json.NoMore(0);
      if(StringLen(json.Fault())>0 || type!="challenge" || version!=PROTOCOL_VERSION || StringLen(nonce)!=32)
        {
         Drop(WS_POLICY,StringFormat("the server does not speak version %d of the protocol %s",PROTOCOL_VERSION,json.Fault()));
         return;
        }
      uchar opening[];
      uchar digest[];
      Bytes(m_open+"\n"+body,opening);
      if(!Digest(CRYPT_HASH_SHA256,opening,digest))
        {
         Drop(WS_POLICY,"the terminal has no SHA-256");
         return;
        }
      Key("terminal",Hex(digest),m_keyOut);
      Key("server",Hex(digest),m_keyIn);
      m_sent=0;
      m_received=0;
      m_state=LINK_KEYED;
     }

   // The body of a signed message; false, and dropped, when it is not the server's next one.
   bool              Authentic(const uchar &message[],string &body)
     {
      int count=ArraySize(message);
      if(count<=MAC_CHARACTERS+1 || message[MAC_CHARACTERS]!=' ')
        {
         Drop(WS_POLICY,"a message without MAC");
         return(false);
        }
      uchar claimed[];
      uchar covered[];
      uchar mac[];
      ArrayCopy(claimed,message,0,0,MAC_CHARACTERS);
      ArrayCopy(covered,message,0,MAC_CHARACTERS+1,count-MAC_CHARACTERS-1);
      uchar wanted[];
      if(!HmacSha256(m_keyIn,covered,mac))
        {
         Drop(WS_POLICY,"the terminal has no SHA-256");
         return(false);
        }
      Bytes(Hex(mac),wanted);
      if(!SameBytes(claimed,wanted))
        {
         Drop(WS_POLICY,"a message that the server did not sign");
         return(false);
        }
      body=CharArrayToString(covered,0,WHOLE_ARRAY,CP_UTF8);
      return(true);
     }

public:
                     Link(void)
     {
      m_state=LINK_DOWN;
      m_dialAt=0;
      m_backoff=0;
      m_backoffMin=1000;
      m_backoffMax=30000;
      m_heard=0;
      m_since=0;
      m_sent=0;
      m_received=0;
      m_fault="";
      m_refused="";
     }

   void              Configure(const Address &address,const string thumbprint,const uint backoffMin,const uint backoffMax)
     {
      m_address=address;
      m_thumbprint=thumbprint;
      m_backoffMin=backoffMin;
      m_backoffMax=backoffMax;
      m_backoff=0;
      m_dialAt=0;
     }

   LinkState         State(void)
     {
      return(m_state);
     }

   string            Fault(void)
     {
      return(m_fault);
     }

   string            Refused(void)
     {
      return(m_refused);
     }

   bool              ByToken(void)
     {
      return(m_credential.kind=="token");
     }

   Credential        Used(void)
     {
      return(m_credential);
     }

   // When the server was last heard, by the monotonic clock.
   ulong             Heard(void)
     {
      return(m_heard);
     }

   bool              Busy(void)
     {
      return(m_socket.Unsent()>UNSENT_BYTES_BUSY);
     }

   // Whether it waits to dial, and it is time.
   bool              MayDial(void)
     {
      return(m_state==LINK_DOWN && GetTickCount64()>=m_dialAt);
     }

   void              Dial(const Credential &credential)
     {
      m_credential=credential;
      m_refused="";
      m_since=GetTickCount64();
      if(m_socket.Connect(m_address.host,m_address.port,m_address.tls,m_address.path,m_thumbprint))
         m_state=LINK_DIALLING;
      else
         Drop(WS_NORMAL,m_socket.Fault());
     }

   // Half of the backoff is chance, so that terminals do not come back all at once.
   void              Postpone(void)
     {
      m_backoff=(m_backoff==0 ? m_backoffMin : m_backoff*2);
      if(m_backoff>m_backoffMax)
         m_backoff=m_backoffMax;
      uchar drawn[];
      g_random.Draw(2,drawn);
      uint chance=(m_backoff/2)*((uint)drawn[0]*256+(uint)drawn[1])/65536;
      m_dialAt=GetTickCount64()+(ulong)(m_backoff-m_backoff/2+chance);
     }

   void              DialAtOnce(void)
     {
      m_backoff=0;
      m_dialAt=0;
     }

   void              Drop(const int code,const string why)
     {
      if(m_state==LINK_KEYED && GetTickCount64()-m_since>BACKOFF_RESET_MS)
         m_backoff=0;
      m_fault=why;
      m_socket.CloseWith(code,"");
      m_state=LINK_DOWN;
      ArrayResize(m_keyIn,0);
      ArrayResize(m_keyOut,0);
      Postpone();
     }

   // Reads and writes; dropped connections are noticed here.
   void              Poll(void)
     {
      if(m_state==LINK_DOWN)
         return;
      m_socket.Poll();
      if(m_state==LINK_DIALLING && m_socket.State()==WS_STATE_OPEN)
        {
         SendOpen();
         m_socket.Poll();
        }
      if(m_state==LINK_OPENED)
        {
         uchar message[];
         if(m_socket.Take(message))
            Challenge(CharArrayToString(message,0,WHOLE_ARRAY,CP_UTF8));
         else
            if(GetTickCount64()-m_since>HANDSHAKE_MS_MAX)
               Drop(WS_POLICY,"no answer to open");
        }
     }

   // A closed socket whose last messages were taken.
   void              NoticeClosed(void)
     {
      if(m_state!=LINK_DOWN && m_socket.State()==WS_STATE_CLOSED)
         Drop(WS_NORMAL,m_socket.Fault());
     }

   // The next frame of the server, read and in its place in the order.
   bool              Next(JsonReader &json,string &type)
     {
      uchar message[];
      if(m_state!=LINK_KEYED || !m_socket.Take(message))
         return(false);
      string body="";
      if(!Authentic(message,body))
         return(false);
      m_heard=GetTickCount64();
      if(!json.Read(body))
        {
         SendError("malformed-json",json.Fault());
         return(false);
        }
      long n=json.Number(0,"n",0,9007199254740991);
      type=json.Text(0,"t",32);
      if(StringLen(json.Fault())>0 || n!=m_received+1)
        {
         SendError("bad-frame",StringLen(json.Fault())>0 ? json.Fault() : "a number out of order: replayed or lost");
         return(false);
        }
      m_received=n;
      return(true);
     }

   // Begins a frame; its number is given now, so it must be sent or the connection dropped.
   void              Begin(JsonWriter &json,const string type)
     {
      m_sent++;
      json.Clear();
      json.Open("");
      json.Text("t",type);
      json.Number("n",m_sent);
     }

   void              Send(JsonWriter &json)
     {
      json.Close();
      if(m_state!=LINK_KEYED)
         return;
      uchar body[];
      uchar mac[];
      uchar message[];
      Bytes(json.Result(),body);
      if(!HmacSha256(m_keyOut,body,mac) || ArraySize(body)+MAC_CHARACTERS+1>TO_SERVER_BYTES_MAX)
        {
         Drop(WS_POLICY,"a frame could not be signed or is too long");
         return;
        }
      Bytes(Hex(mac)+" ",message);
      Append(message,body);
      m_socket.SendText(message);
     }

   // Says what is wrong with the server's frame and leaves.
   void              SendError(const string code,const string words)
     {
      JsonWriter json;
      Begin(json,"error");
      json.Text("code",code);
      json.Text("words",Cut(words,256));
      Send(json);
      Drop(WS_POLICY,code+": "+words);
     }
  };

#endif
