// A TCP connection, with TLS where the address says so. MQL5 has two sets of functions for the two, and reading blocks unless
// one asks first; here both read what is there and never wait, and what cannot be written yet is kept.

#ifndef TICKFORGE_SOCKET
#define TICKFORGE_SOCKET

#include <Tickforge/Limits.mqh>
#include <Tickforge/Text.mqh>

#define SOCKET_READ_MAX 65536

class Transport
  {
private:
   int               m_handle;
   bool              m_tls;
   uchar             m_unsent[];

   bool              Secure(const string host,const bool implicit,const string thumbprint,string &fault)
     {
      // The terminal does the handshake itself on port 443.
      if(!implicit && !SocketTlsHandshake(m_handle,host))
        {
         fault=StringFormat("no TLS with %s, error %d",host,GetLastError());
         return(false);
        }
      string subject="";
      string issuer="";
      string serial="";
      string seen="";
      datetime expiration=0;
      if(!SocketTlsCertificate(m_handle,subject,issuer,serial,seen,expiration))
        {
         fault=StringFormat("no certificate from %s, error %d",host,GetLastError());
         return(false);
        }
      string wanted=thumbprint;
      StringToUpper(wanted);
      StringToUpper(seen);
      if(StringLen(wanted)>0 && wanted!=seen)
        {
         fault="the certificate is another one than InpTlsThumbprint says";
         return(false);
        }
      return(true);
     }

public:
                     Transport(void)
     {
      m_handle=INVALID_HANDLE;
      m_tls=false;
     }

   bool              Connect(const string host,const uint port,const bool tls,const string thumbprint,string &fault)
     {
      Close();
      m_handle=SocketCreate(SOCKET_DEFAULT);
      if(m_handle==INVALID_HANDLE)
        {
         fault=StringFormat("no socket, error %d",GetLastError());
         return(false);
        }
      if(!SocketConnect(m_handle,host,port,CONNECT_MS_MAX))
        {
         fault=StringFormat("no connection to %s, error %d: is the server up and the address allowed?",host,GetLastError());
         Close();
         return(false);
        }
      m_tls=tls;
      if(tls && !Secure(host,port==443,thumbprint,fault))
        {
         Close();
         return(false);
        }
      return(true);
     }

   void              Close(void)
     {
      if(m_handle!=INVALID_HANDLE)
         SocketClose(m_handle);
      m_handle=INVALID_HANDLE;
      m_tls=false;
      ArrayResize(m_unsent,0);
     }

   bool              IsOpen(void)
     {
      return(m_handle!=INVALID_HANDLE && SocketIsConnected(m_handle));
     }

   int               Unsent(void)
     {
      return(ArraySize(m_unsent));
     }

   // Appends what has arrived; false when the connection is gone.
   bool              Read(uchar &target[])
     {
      uchar chunk[];
      int got=0;
      if(m_tls)
         got=SocketTlsReadAvailable(m_handle,chunk,SOCKET_READ_MAX);
      else
        {
         uint readable=SocketIsReadable(m_handle);
         if(readable>SOCKET_READ_MAX)
            readable=SOCKET_READ_MAX;
         // It may say 1 of an empty buffer, and a timeout of 0 waits two minutes.
         if(readable>0)
            got=SocketRead(m_handle,chunk,readable,1);
        }
      if(got>0)
        {
         ArrayResize(chunk,got);
         Append(target,chunk);
         return(true);
        }
      return(SocketIsConnected(m_handle));
     }

   void              Queue(const uchar &bytes[])
     {
      Append(m_unsent,bytes);
     }

   // Writes what it can; false when the connection is gone or takes nothing for too long.
   bool              Flush(void)
     {
      int count=ArraySize(m_unsent);
      if(count==0)
         return(true);
      if(!SocketIsConnected(m_handle) || count>UNSENT_BYTES_MAX)
         return(false);
      if(!SocketIsWritable(m_handle))
         return(true);
      int sent=(m_tls ? SocketTlsSend(m_handle,m_unsent,(uint)count) : SocketSend(m_handle,m_unsent,(uint)count));
      if(sent<0)
         return(false);
      if(sent<count)
         ArrayRemove(m_unsent,0,(uint)sent);
      else
         ArrayResize(m_unsent,0);
      return(true);
     }
  };

#endif
