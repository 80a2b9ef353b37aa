// The terminal's event loop: one handler at a time, tick and timer never queued twice, trade transactions after the handler that
// caused them - late, in any order or not at all, as the test wishes. The test gives orders over stdin, one a line.

#include "broker.hpp"
#include "program.hpp"

namespace terminal {

std::string chartText, buttonText;

bool ObjectCreate(long, const String &, ENUM_OBJECT, int, datetime, double) { return true; }
bool ObjectDelete(long, const String &) { return true; }
bool ObjectSetInteger(long, const String &, ENUM_OBJECT_PROPERTY_INTEGER, long) { return true; }
bool ObjectSetString(long, const String &, ENUM_OBJECT_PROPERTY_STRING, const String &value) {
  buttonText = value.utf8();
  return true;
}
void Comment(const String &text) { chartText = text.utf8(); }

std::string inputText(const char *name) {
  const char *all = std::getenv("HARNESS_INPUTS");
  std::istringstream in(all == nullptr ? "" : all);
  const std::string wanted = std::string(name) + "=";
  for (std::string line; std::getline(in, line);)
    if (line.rfind(wanted, 0) == 0) return "=" + line.substr(wanted.size());
  return "";
}

namespace {

bool tickWaits = false;
bool stopped = false;
ulong nextTimer = 0;
uint32_t chance = 1;

uint32_t draw() {
  chance = chance * 1664525U + 1013904223U;
  return chance >> 8;
}

void deliverTransactions() {
  std::vector<MqlTradeTransaction> events;
  events.swap(transactions);
  if (knobs.eventsShuffled)
    for (std::size_t i = events.size(); i > 1; i--) std::swap(events[i - 1], events[draw() % i]);
  for (const MqlTradeTransaction &event : events)
    if (static_cast<int>(draw() % 100) >= knobs.eventsLost) program::onTradeTransaction(event);
}

void start() {
  const int result = program::onInit();
  tell("init " + std::to_string(result));
  stopped = result != INIT_SUCCEEDED;
}

std::string rest(std::istringstream &in) {
  std::string text;
  std::getline(in >> std::ws, text);
  return text;
}

void takeTick(std::istringstream &in) {
  std::string symbol;
  double bid = 0, ask = 0;
  long ms = 0;
  in >> symbol >> bid >> ask;
  if (!(in >> ms)) ms = brokerNowMs();
  addTick(symbol, bid, ask, ms);
  if (symbol == _Symbol.utf8()) tickWaits = true;
}

void takeAnswers(std::istringstream &in) {
  ForcedAnswer forced;
  int times = 1;
  std::string executes;
  in >> forced.retcode >> times >> executes;
  forced.executes = executes == "executes";
  for (int i = 0; i < times; i++) broker.forced.push_back(forced);
}

void takeCalendar(std::istringstream &in) {
  MqlCalendarEvent event{};
  MqlCalendarValue value{};
  long inSeconds = 0;
  in >> value.id >> inSeconds;
  event.id = value.id + 100000;
  event.country_id = 840;
  event.importance = CALENDAR_IMPORTANCE_HIGH;
  event.name = String(rest(in));
  value.event_id = event.id;
  value.time = TimeTradeServer() + static_cast<datetime>(inSeconds);
  value.actual_value = LONG_MIN;
  value.forecast_value = 1250000;
  value.prev_value = -300000;
  calendarValues.push_back(value);
  calendarEvents[event.id] = event;
}

void setKnob(const std::string &name, std::istringstream &in) {
  if (name == "clock") in >> knobs.clockOff;
  if (name == "chunk") in >> knobs.socketChunk;
  if (name == "lie") in >> knobs.socketLies;
  if (name == "unwritable") knobs.unwritable = rest(in);
  if (name == "trade-allowed") in >> knobs.tradeAllowed;
  if (name == "lose") in >> knobs.eventsLost;
  if (name == "shuffle") in >> knobs.eventsShuffled;
  if (name == "fills-only") in >> broker.fillsOnly;
  if (name == "balance") in >> broker.balance;
}

void setAccount(std::istringstream &in) {
  in >> broker.login >> broker.server >> broker.mode >> broker.hedging;
  saveBroker();
}

void take(const std::string &line) {
  std::istringstream in(line);
  std::string order;
  in >> order;
  std::string word;
  if (order == "tick") {
    takeTick(in);
  } else if (order == "set") {
    in >> word;
    setKnob(word, in);
  } else if (order == "answer") {
    takeAnswers(in);
  } else if (order == "arm") {
    int times = 1;
    in >> word >> times;
    armPoint(word, times);
  } else if (order == "hand") {
    double volume = 0;
    std::string side;
    in >> word >> side >> volume;
    dealByHand(word, side == "buy", volume);
  } else if (order == "filling") {
    in >> word;
    in >> broker.symbols.at(word).fillingMask >> broker.symbols.at(word).execution;
    saveBroker();
  } else if (order == "account") {
    setAccount(in);
  } else if (order == "calendar") {
    takeCalendar(in);
  } else if (order == "share") {
    in >> word;
    std::string value;
    in >> value;
    // "now", by the terminal's own clock, and what follows it: now-1900.
    sharedVariables[word] = value.rfind("now", 0) != 0 ? std::stod(value)
                                                       : static_cast<double>(GetTickCount64()) +
                                                             (value.size() > 3 ? std::stod(value.substr(3)) : 0);
  } else if (order == "click") {
    program::onClick(String(u"TickforgeKill"));
  } else if (order == "forget-ticks") {
    in >> word;
    broker.symbols.at(word).ticks.clear();
  } else if (order == "broker") {
    tell("broker " + brokerAsJson());
  } else if (order == "panel") {
    std::string text = chartText;
    std::replace(text.begin(), text.end(), '\n', '|');
    tell("panel " + text + "|" + buttonText);
  } else if (order == "restart") {
    program::onDeinit(3);
    start();
  } else if (order == "quit") {
    program::onDeinit(1);
    stopped = true;
  } else {
    hardError("an order that the loop does not know: " + line);
  }
}

// Whole lines of stdin; false at its end.
bool takeOrders(int waitMs) {
  static std::string buffer;
  pollfd input{0, POLLIN, 0};
  if (::poll(&input, 1, waitMs) <= 0) return true;
  char bytes[65536];
  const ssize_t got = ::read(0, bytes, sizeof bytes);
  if (got <= 0) return false;
  buffer.append(bytes, static_cast<std::size_t>(got));
  for (std::size_t end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n')) {
    const std::string line = buffer.substr(0, end);
    buffer.erase(0, end + 1);
    take(line);
    // Ticks come by thousands and need no answer.
    if (line.rfind("tick ", 0) != 0) tell("ok");
  }
  return true;
}

void run() {
  while (!stopped) {
    const ulong now = GetTickCount64();
    const long wait = timerMs == 0 ? 50 : static_cast<long>(nextTimer) - static_cast<long>(now);
    if (!takeOrders(static_cast<int>(std::clamp(wait, 0L, 50L)))) return;
    if (tickWaits && !stopped) {
      tickWaits = false;
      program::onTick();
      deliverTransactions();
    }
    if (timerMs > 0 && GetTickCount64() >= nextTimer && !stopped) {
      nextTimer = GetTickCount64() + static_cast<ulong>(timerMs);
      program::onTimer();
    }
    deliverTransactions();
  }
}

}  // namespace
}  // namespace terminal

int main(int count, char **arguments) {
  if (count < 2) return 64;
  terminal::dataFolder = arguments[1];
  terminal::openBroker();
  terminal::start();
  terminal::run();
  return 0;
}
