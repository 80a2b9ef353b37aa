// Texts as the wire and the files want them: hex, decimals without needless zeros, unsigned numbers, checksums.

#ifndef TICKFORGE_TEXT
#define TICKFORGE_TEXT

// FNV-1a, 32 bits, over the UTF-16 code units: finds torn and damaged lines.
uint Checksum(const string text)
  {
   uint hash=2166136261;
   int length=StringLen(text);
   for(int i=0; i<length; i++)
     {
      uint unit=(uint)StringGetCharacter(text,i);
      hash=(hash^(unit&0xFF))*16777619;
      hash=(hash^(unit>>8))*16777619;
     }
   return(hash);
  }

string Hex(const uchar &bytes[])
  {
   string text="";
   int count=ArraySize(bytes);
   for(int i=0; i<count; i++)
      text+=StringFormat("%02x",(int)bytes[i]);
   return(text);
  }

string UnsignedText(const ulong value)
  {
   return(StringFormat("%I64u",value));
  }

bool IsDigit(const ushort unit)
  {
   return(unit>='0' && unit<='9');
  }

// A whole number without sign, of at most 20 digits, below 2^64.
bool ParseUnsigned(const string text,ulong &value)
  {
   value=0;
   int length=StringLen(text);
   if(length<1 || length>20)
      return(false);
   for(int i=0; i<length; i++)
     {
      ushort unit=StringGetCharacter(text,i);
      if(!IsDigit(unit))
         return(false);
      ulong digit=(ulong)(unit-'0');
      if(value>(ULONG_MAX-digit)/10)
         return(false);
      value=value*10+digit;
     }
   return(true);
  }

// `digits[.digits]`, at most 8 behind the point: what the protocol calls a decimal, here without a sign.
bool IsPlainDecimal(const string text)
  {
   int length=StringLen(text);
   int point=StringFind(text,".");
   int whole=(point<0 ? length : point);
   if(whole<1 || whole>12 || point==length-1 || (point>=0 && length-point-1>8))
      return(false);
   for(int i=0; i<length; i++)
      if(i!=point && !IsDigit(StringGetCharacter(text,i)))
         return(false);
   return(true);
  }

// With up to `digits` decimals and no zeros at the end.
string Plain(const double value,const int digits)
  {
   if(!MathIsValidNumber(value))
      return("0");
   string text=DoubleToString(value,digits);
   if(StringFind(text,".")<0)
      return(text);
   int length=StringLen(text);
   while(length>1 && StringGetCharacter(text,length-1)=='0')
      length--;
   if(StringGetCharacter(text,length-1)=='.')
      length--;
   text=StringSubstr(text,0,length);
   return(text=="-0" ? "0" : text);
  }

// At most `units` long; a broker's words may be of any length.
string Cut(const string text,const int units)
  {
   return(StringLen(text)>units ? StringSubstr(text,0,units) : text);
  }

void Bytes(const string text,uchar &bytes[])
  {
   ArrayResize(bytes,0);
   if(StringLen(text)==0)
      return;
   // The last byte is the text's terminating zero.
   int count=StringToCharArray(text,bytes,0,WHOLE_ARRAY,CP_UTF8);
   ArrayResize(bytes,count>0 ? count-1 : 0);
  }

void Append(uchar &target[],const uchar &source[])
  {
   int count=ArraySize(source);
   if(count>0)
      ArrayCopy(target,source,ArraySize(target),0,count);
  }

#endif
