// HMAC-SHA256 and unpredictable bytes from what MQL5 has: plain SHA-256. Checked against published vectors and those that the
// server's tests share.

#ifndef TICKFORGE_CRYPTO
#define TICKFORGE_CRYPTO

#include <Tickforge/Text.mqh>

#define SHA256_BLOCK 64
#define SHA256_BYTES 32

bool Digest(const ENUM_CRYPT_METHOD method,const uchar &data[],uchar &digest[])
  {
   uchar key[];
   ArrayResize(digest,0);
   return(CryptEncode(method,data,key,digest)>0);
  }

// RFC 2104. A key longer than a block is its digest.
bool HmacSha256(const uchar &key[],const uchar &data[],uchar &mac[])
  {
   uchar block[];
   if(ArraySize(key)>SHA256_BLOCK)
     {
      if(!Digest(CRYPT_HASH_SHA256,key,block))
         return(false);
     }
   else
      Append(block,key);
   int used=ArraySize(block);
   uchar inner[];
   uchar outer[];
   ArrayResize(inner,SHA256_BLOCK);
   ArrayResize(outer,SHA256_BLOCK);
   for(int i=0; i<SHA256_BLOCK; i++)
     {
      uchar part=(i<used ? block[i] : (uchar)0);
      inner[i]=(uchar)(part^0x36);
      outer[i]=(uchar)(part^0x5C);
     }
   Append(inner,data);
   uchar digest[];
   if(!Digest(CRYPT_HASH_SHA256,inner,digest))
      return(false);
   Append(outer,digest);
   return(Digest(CRYPT_HASH_SHA256,outer,mac));
  }

// Takes the same time wherever the first difference is.
bool SameBytes(const uchar &a[],const uchar &b[])
  {
   int count=ArraySize(a);
   if(count!=ArraySize(b))
      return(false);
   int difference=0;
   for(int i=0; i<count; i++)
      difference|=(int)(a[i]^b[i]);
   return(difference==0);
  }

string Base64(const uchar &data[])
  {
   uchar encoded[];
   if(!Digest(CRYPT_BASE64,data,encoded))
      return("");
   return(CharArrayToString(encoded,0,WHOLE_ARRAY,CP_UTF8));
  }

// MQL5 has no source of randomness for secrets, and none is needed: what is made here are nonces and masks. They must not
// repeat; that others cannot tell them comes from the server's nonce.
class RandomBytes
  {
private:
   uchar             m_pool[];
   ulong             m_drawn;

public:
                     RandomBytes(void)
     {
      m_drawn=0;
     }

   // `count` bytes, at most 32.
   void              Draw(const int count,uchar &bytes[])
     {
      m_drawn++;
      uchar seed[];
      Bytes(StringFormat("%I64u %I64u %I64u %I64d %I64d %s",m_drawn,GetMicrosecondCount(),GetTickCount64(),
                         (long)TimeLocal(),ChartID(),TerminalInfoString(TERMINAL_DATA_PATH)),seed);
      Append(seed,m_pool);
      uchar digest[];
      if(!Digest(CRYPT_HASH_SHA256,seed,digest))
         ArrayResize(digest,SHA256_BYTES);
      ArrayResize(m_pool,0);
      Append(m_pool,digest);
      // What is handed out tells nothing of the pool.
      uchar shown[];
      if(!HmacSha256(m_pool,seed,shown))
         ArrayResize(shown,SHA256_BYTES);
      ArrayResize(bytes,0);
      ArrayCopy(bytes,shown,0,0,count);
     }
  };

RandomBytes g_random;

string RandomHex(const int count)
  {
   uchar bytes[];
   g_random.Draw(count,bytes);
   return(Hex(bytes));
  }

#endif
