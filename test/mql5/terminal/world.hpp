// What surrounds the Expert Advisor in the harness: the machine's folders and clock, faults on request, the broker's books, and the
// hooks by which the loop drives it. The test process gives orders over stdin (loop.cpp).

#pragma once

#include "api.hpp"
#include "trade-api.hpp"

namespace terminal {

// Ends the process by SIGKILL when it comes by `point` for the wanted time: nothing that was not flushed survives.
void passPoint(const std::string &point);
void armPoint(const std::string &point, int times);

// One line to the test process.
void tell(const std::string &line);

struct Knobs {
  // Seconds by which the terminal's own clocks are wrong.
  long clockOff = 0;
  // Bytes that a socket takes or gives at once; 0 for all.
  uint socketChunk = 0;
  // A readable socket says 1 while it is empty.
  bool socketLies = false;
  // Files whose names contain it cannot be written.
  std::string unwritable;
  bool tradeAllowed = true;
  // Share of trade transactions that are lost, in percent, and whether the rest comes in any order.
  int eventsLost = 0;
  bool eventsShuffled = false;
};
extern Knobs knobs;

extern std::string dataFolder;
std::string inputText(const char *name);

// Broker time in milliseconds, by a clock that is right.
long brokerNowMs();

struct BrokerSymbol {
  std::string name;
  int digits;
  double contractSize;
  int fillingMask;
  int execution;
  std::vector<MqlTick> ticks;
};

struct BrokerOrder {
  ulong ticket = 0;
  std::string symbol;
  int type = 0;
  int state = 0;
  double volumeInitial = 0, volumeCurrent = 0, price = 0, stopLimit = 0, sl = 0, tp = 0;
  ulong magic = 0, position = 0;
  long setupMs = 0, doneMs = 0;
  int typeTime = 0;
  long expiration = 0;
};

struct BrokerPosition {
  ulong ticket = 0;
  std::string symbol;
  int type = 0;
  double volume = 0, price = 0, sl = 0, tp = 0;
  ulong magic = 0;
  long openMs = 0, updateMs = 0;
};

struct BrokerDeal {
  ulong ticket = 0, order = 0, position = 0;
  std::string symbol;
  int type = 0, entry = 0, reason = 0;
  double volume = 0, price = 0, profit = 0, commission = 0;
  ulong magic = 0;
  long ms = 0;
};

// An answer that the broker gives instead of its own; `executes` says that it does the work all the same.
struct ForcedAnswer {
  uint retcode = 0;
  bool executes = false;
};

struct Broker {
  ulong login = 5001;
  std::string server = "Demo-Server";
  int mode = 0;
  bool hedging = true;
  double balance = 10000;
  ulong nextTicket = 1000;
  std::map<std::string, BrokerSymbol> symbols;
  std::vector<BrokerOrder> orders, history;
  std::vector<BrokerPosition> positions;
  std::vector<BrokerDeal> deals;
  std::vector<ForcedAnswer> forced;
  // Of the next order at market only so much is filled; 0 for all.
  double fillsOnly = 0;
};
extern Broker broker;

void openBroker();
// The broker is elsewhere: its books outlive this process.
void saveBroker();
std::string brokerAsJson();
void addTick(const std::string &symbol, double bid, double ask, long ms);
// A deal that no request of this terminal's led to.
void dealByHand(const std::string &symbol, bool buy, double volume);

extern std::vector<MqlTradeTransaction> transactions;
void addTransaction(ENUM_TRADE_TRANSACTION_TYPE type, ulong order, ulong deal, ulong position, const std::string &symbol);

extern std::map<std::string, double> sharedVariables;
extern std::vector<MqlCalendarValue> calendarValues;
extern std::map<ulong, MqlCalendarEvent> calendarEvents;
extern std::string chartText, buttonText;
extern int timerMs;

}  // namespace terminal
