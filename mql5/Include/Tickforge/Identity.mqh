// Which account this is. Tokens, epochs and intents belong to one login at one trade server in one mode, and to no other.

#ifndef TICKFORGE_IDENTITY
#define TICKFORGE_IDENTITY

#include <Tickforge/Files.mqh>
#include <Tickforge/JsonWriter.mqh>

struct Identity
  {
   ulong             login;
   string            server;
   string            mode;
   string            margin;
  };

// False as long as the terminal is not logged in.
bool CurrentIdentity(Identity &identity)
  {
   identity.login=(ulong)AccountInfoInteger(ACCOUNT_LOGIN);
   identity.server=AccountInfoString(ACCOUNT_SERVER);
   long mode=AccountInfoInteger(ACCOUNT_TRADE_MODE);
   identity.mode=(mode==ACCOUNT_TRADE_MODE_REAL ? "real" : (mode==ACCOUNT_TRADE_MODE_CONTEST ? "contest" : "demo"));
   long margin=AccountInfoInteger(ACCOUNT_MARGIN_MODE);
   identity.margin=(margin==ACCOUNT_MARGIN_MODE_RETAIL_HEDGING ? "hedging" :
                    (margin==ACCOUNT_MARGIN_MODE_EXCHANGE ? "exchange" : "netting"));
   return(identity.login!=0 && StringLen(identity.server)>0);
  }

bool SameIdentity(const Identity &a,const Identity &b)
  {
   return(a.login==b.login && a.server==b.server && a.mode==b.mode && a.margin==b.margin);
  }

// Folder of the account's files and prefix of its terminal variables.
string AccountKey(const Identity &identity)
  {
   return(UnsignedText(identity.login)+"_"+Cut(SafeName(identity.server),24)+"_"+identity.mode);
  }

string AccountFolder(const Identity &identity)
  {
   return("Tickforge\\"+AccountKey(identity)+"\\");
  }

void WriteIdentity(JsonWriter &json,const Identity &identity)
  {
   json.Open("account");
   json.Ticket("login",identity.login);
   json.Text("server",Cut(identity.server,64));
   json.Text("mode",identity.mode);
   json.Text("margin",identity.margin);
   json.Close();
  }

#endif
