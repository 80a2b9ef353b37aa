// The credential: a one-time code typed into the inputs, then a token kept in the account's folder. The file holds a secret in
// clear - MQL5 has no keystore without a foreign library - so it is worth what the Windows account's files are worth, for a day.

#ifndef TICKFORGE_TOKEN
#define TICKFORGE_TOKEN

#include <Tickforge/Files.mqh>
#include <Tickforge/Identity.mqh>
#include <Tickforge/JsonReader.mqh>

struct Credential
  {
   // `code` or `token`.
   string            kind;
   string            id;
   string            secret;
  };

// `<id>-<secret>`, as the server shows it.
bool ParseCode(const string text,Credential &credential)
  {
   string code=text;
   StringTrimLeft(code);
   StringTrimRight(code);
   int dash=StringFind(code,"-");
   credential.kind="code";
   if(dash<4 || dash>32 || StringLen(code)-dash-1<22)
      return(false);
   credential.id=StringSubstr(code,0,dash);
   credential.secret=StringSubstr(code,dash+1);
   return(true);
  }

bool LoadToken(const Identity &identity,Credential &credential)
  {
   string payload="";
   JsonReader json;
   credential.kind="token";
   if(!LineLog::ReadFile(AccountFolder(identity)+"token.txt",payload) || !json.Read(payload))
      return(false);
   credential.id=json.Text(0,"id",32);
   credential.secret=json.Text(0,"secret",128);
   return(StringLen(json.Fault())==0);
  }

// On disk when it returns true.
bool SaveToken(const Identity &identity,const Credential &credential)
  {
   JsonWriter json;
   json.Open("");
   json.Text("id",credential.id);
   json.Text("secret",credential.secret);
   json.Close();
   return(LineLog::ReplaceFile(AccountFolder(identity)+"token.txt",CheckedLine(json.Result())));
  }

#endif
