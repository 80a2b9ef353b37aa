// The functions and constants of MQL5 that the Expert Advisor uses, and no others: what is not declared here does not compile.
// Numbers are those of the MQL5 reference where they go over the wire or into masks.

#pragma once

#include "types.hpp"

namespace terminal {

// Where a program is, and what may stop it.
enum { INIT_SUCCEEDED = 0, INIT_FAILED = 1, INIT_PARAMETERS_INCORRECT = 2 };
enum { CHARTEVENT_OBJECT_CLICK = 1 };
enum ENUM_TERMINAL_INFO_INTEGER { TERMINAL_BUILD, TERMINAL_CONNECTED, TERMINAL_TRADE_ALLOWED, TERMINAL_PING_LAST };
enum ENUM_TERMINAL_INFO_STRING { TERMINAL_DATA_PATH };
enum ENUM_MQL_INFO_INTEGER { MQL_TRADE_ALLOWED, MQL_TESTER };
extern const String _Symbol;
long TerminalInfoInteger(ENUM_TERMINAL_INFO_INTEGER property);
String TerminalInfoString(ENUM_TERMINAL_INFO_STRING property);
long MQLInfoInteger(ENUM_MQL_INFO_INTEGER property);
bool EventSetMillisecondTimer(int milliseconds);
void EventKillTimer();
int GetLastError();
void ResetLastError();
long ChartID();
void Sleep(int milliseconds);

// Time.
ulong GetTickCount64();
ulong GetMicrosecondCount();
datetime TimeLocal();
datetime TimeGMT();
datetime TimeCurrent();
datetime TimeTradeServer();

// Files.
enum { FILE_READ = 1, FILE_WRITE = 2, FILE_BIN = 4, FILE_SHARE_READ = 128, FILE_SHARE_WRITE = 256, FILE_REWRITE = 512, FILE_COMMON = 4096 };
enum ENUM_FILE_POSITION { SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2 };
int FileOpen(const String &name, int flags);
void FileClose(int handle);
void FileFlush(int handle);
ulong FileSize(int handle);
bool FileSeek(int handle, long offset, ENUM_FILE_POSITION origin);
uint FileReadArray(int handle, Array<uchar> &bytes, int start, int count);
uint FileWriteArray(int handle, const Array<uchar> &bytes, int start, int count);
bool FileMove(const String &from, int fromFlag, const String &to, int flags);
bool FileIsExist(const String &name, int flag);

// Variables that the programs of a terminal share.
bool GlobalVariableTemp(const String &name);
double GlobalVariableGet(const String &name);
bool GlobalVariableSetOnCondition(const String &name, double value, double expected);

enum ENUM_CRYPT_METHOD { CRYPT_BASE64, CRYPT_HASH_SHA1, CRYPT_HASH_SHA256 };
int CryptEncode(ENUM_CRYPT_METHOD method, const Array<uchar> &data, const Array<uchar> &key, Array<uchar> &result);

// Sockets.
enum { SOCKET_DEFAULT = 0 };
int SocketCreate(uint flags);
bool SocketConnect(int socket, const String &host, uint port, uint timeoutMs);
bool SocketClose(int socket);
bool SocketIsConnected(int socket);
uint SocketIsReadable(int socket);
bool SocketIsWritable(int socket);
int SocketRead(int socket, Array<uchar> &bytes, uint count, uint timeoutMs);
int SocketSend(int socket, const Array<uchar> &bytes, uint count);
bool SocketTlsHandshake(int socket, const String &host);
bool SocketTlsCertificate(int socket, String &subject, String &issuer, String &serial, String &thumbprint, datetime &expiration);
int SocketTlsReadAvailable(int socket, Array<uchar> &bytes, uint count);
int SocketTlsSend(int socket, const Array<uchar> &bytes, uint count);

// The chart.
enum ENUM_OBJECT { OBJ_BUTTON };
enum ENUM_OBJECT_PROPERTY_INTEGER {
  OBJPROP_CORNER,
  OBJPROP_XDISTANCE,
  OBJPROP_YDISTANCE,
  OBJPROP_XSIZE,
  OBJPROP_YSIZE,
  OBJPROP_COLOR,
  OBJPROP_BGCOLOR,
  OBJPROP_STATE
};
enum ENUM_OBJECT_PROPERTY_STRING { OBJPROP_TEXT };
enum ENUM_BASE_CORNER { CORNER_RIGHT_UPPER = 3 };
constexpr color clrWhite = 0xFFFFFF, clrFireBrick = 0x2222B2, clrDimGray = 0x696969;
bool ObjectCreate(long chart, const String &name, ENUM_OBJECT kind, int window, datetime time, double price);
bool ObjectDelete(long chart, const String &name);
bool ObjectSetInteger(long chart, const String &name, ENUM_OBJECT_PROPERTY_INTEGER property, long value);
bool ObjectSetString(long chart, const String &name, ENUM_OBJECT_PROPERTY_STRING property, const String &value);
void Comment(const String &text);

// Symbols and ticks.
enum { COPY_TICKS_ALL = 3 };
enum { SYMBOL_FILLING_FOK = 1, SYMBOL_FILLING_IOC = 2 };
enum { SYMBOL_TRADE_EXECUTION_REQUEST, SYMBOL_TRADE_EXECUTION_INSTANT, SYMBOL_TRADE_EXECUTION_MARKET, SYMBOL_TRADE_EXECUTION_EXCHANGE };
enum { SYMBOL_TRADE_MODE_DISABLED, SYMBOL_TRADE_MODE_LONGONLY, SYMBOL_TRADE_MODE_SHORTONLY, SYMBOL_TRADE_MODE_CLOSEONLY, SYMBOL_TRADE_MODE_FULL };
enum ENUM_DAY_OF_WEEK { SUNDAY, MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY };
enum ENUM_SYMBOL_INFO_INTEGER {
  SYMBOL_SELECT,
  SYMBOL_DIGITS,
  SYMBOL_TRADE_STOPS_LEVEL,
  SYMBOL_TRADE_FREEZE_LEVEL,
  SYMBOL_FILLING_MODE,
  SYMBOL_TRADE_EXEMODE,
  SYMBOL_ORDER_MODE,
  SYMBOL_EXPIRATION_MODE,
  SYMBOL_TRADE_MODE
};
enum ENUM_SYMBOL_INFO_DOUBLE {
  SYMBOL_POINT,
  SYMBOL_TRADE_TICK_SIZE,
  SYMBOL_TRADE_TICK_VALUE,
  SYMBOL_TRADE_CONTRACT_SIZE,
  SYMBOL_VOLUME_MIN,
  SYMBOL_VOLUME_MAX,
  SYMBOL_VOLUME_STEP,
  SYMBOL_VOLUME_LIMIT
};
enum ENUM_SYMBOL_INFO_STRING { SYMBOL_DESCRIPTION, SYMBOL_CURRENCY_BASE, SYMBOL_CURRENCY_PROFIT, SYMBOL_CURRENCY_MARGIN };
struct MqlTick {
  datetime time;
  double bid;
  double ask;
  double last;
  ulong volume;
  long time_msc;
  uint flags;
  double volume_real;
};
int SymbolsTotal(bool selected);
String SymbolName(int position, bool selected);
bool SymbolSelect(const String &name, bool select);
long SymbolInfoInteger(const String &name, ENUM_SYMBOL_INFO_INTEGER property);
double SymbolInfoDouble(const String &name, ENUM_SYMBOL_INFO_DOUBLE property);
String SymbolInfoString(const String &name, ENUM_SYMBOL_INFO_STRING property);
bool SymbolInfoTick(const String &name, MqlTick &tick);
bool SymbolInfoSessionQuote(const String &name, ENUM_DAY_OF_WEEK day, uint session, datetime &from, datetime &to);
bool SymbolInfoSessionTrade(const String &name, ENUM_DAY_OF_WEEK day, uint session, datetime &from, datetime &to);
int CopyTicks(const String &name, Array<MqlTick> &ticks, uint flags, ulong from, uint count);

// The account.
enum { ACCOUNT_TRADE_MODE_DEMO, ACCOUNT_TRADE_MODE_CONTEST, ACCOUNT_TRADE_MODE_REAL };
enum { ACCOUNT_MARGIN_MODE_RETAIL_NETTING, ACCOUNT_MARGIN_MODE_EXCHANGE, ACCOUNT_MARGIN_MODE_RETAIL_HEDGING };
enum ENUM_ACCOUNT_INFO_INTEGER {
  ACCOUNT_LOGIN,
  ACCOUNT_TRADE_MODE,
  ACCOUNT_LEVERAGE,
  ACCOUNT_TRADE_ALLOWED,
  ACCOUNT_TRADE_EXPERT,
  ACCOUNT_MARGIN_MODE,
  ACCOUNT_CURRENCY_DIGITS
};
enum ENUM_ACCOUNT_INFO_DOUBLE {
  ACCOUNT_BALANCE,
  ACCOUNT_CREDIT,
  ACCOUNT_PROFIT,
  ACCOUNT_EQUITY,
  ACCOUNT_MARGIN,
  ACCOUNT_MARGIN_FREE,
  ACCOUNT_MARGIN_LEVEL
};
enum ENUM_ACCOUNT_INFO_STRING { ACCOUNT_SERVER, ACCOUNT_CURRENCY, ACCOUNT_COMPANY };
long AccountInfoInteger(ENUM_ACCOUNT_INFO_INTEGER property);
double AccountInfoDouble(ENUM_ACCOUNT_INFO_DOUBLE property);
String AccountInfoString(ENUM_ACCOUNT_INFO_STRING property);

// The calendar.
enum ENUM_CALENDAR_EVENT_IMPORTANCE { CALENDAR_IMPORTANCE_NONE, CALENDAR_IMPORTANCE_LOW, CALENDAR_IMPORTANCE_MODERATE, CALENDAR_IMPORTANCE_HIGH };
enum ENUM_CALENDAR_EVENT_TIMEMODE { CALENDAR_TIMEMODE_DATETIME, CALENDAR_TIMEMODE_DATE, CALENDAR_TIMEMODE_NOTIME, CALENDAR_TIMEMODE_TENTATIVE };
struct MqlCalendarValue {
  ulong id;
  ulong event_id;
  datetime time;
  long actual_value;
  long prev_value;
  long forecast_value;
};
struct MqlCalendarEvent {
  ulong id;
  ENUM_CALENDAR_EVENT_TIMEMODE time_mode;
  ulong country_id;
  ENUM_CALENDAR_EVENT_IMPORTANCE importance;
  String name;
};
struct MqlCalendarCountry {
  ulong id;
  String code;
  String currency;
};
int CalendarValueHistory(Array<MqlCalendarValue> &values, datetime from, datetime to);
bool CalendarEventById(ulong id, MqlCalendarEvent &event);
bool CalendarCountryById(long id, MqlCalendarCountry &country);

}  // namespace terminal
