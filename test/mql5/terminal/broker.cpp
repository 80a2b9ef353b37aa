// The fake broker: books that outlive the terminal's process, netting and hedging, pending orders, stops and targets. What it does is
// decided by requests, ticks and the answers that the test forces on it; there is no chance in it.

#include "broker.hpp"

namespace terminal {

Broker broker;
std::vector<MqlTradeTransaction> transactions;

namespace {

constexpr std::size_t TRANSACTIONS_MAX = 1024;

void addSymbol(const std::string &name, int digits, double contractSize, int fillingMask, int execution) {
  broker.symbols[name] = {name, digits, contractSize, fillingMask, execution, {}};
}

std::string booksPath() { return dataFolder + "/broker.txt"; }
std::string ticksPath(const std::string &symbol) { return dataFolder + "/ticks-" + symbol + ".txt"; }

void writeOrders(std::ostream &out, const char *kind, const std::vector<BrokerOrder> &orders) {
  for (const BrokerOrder &it : orders)
    out << kind << ' ' << it.ticket << ' ' << it.symbol << ' ' << it.type << ' ' << it.state << ' ' << it.volumeInitial << ' ' << it.volumeCurrent
        << ' ' << it.price << ' ' << it.stopLimit << ' ' << it.sl << ' ' << it.tp << ' ' << it.magic << ' ' << it.position << ' ' << it.setupMs
        << ' ' << it.doneMs << ' ' << it.typeTime << ' ' << it.expiration << '\n';
}

BrokerOrder readOrder(std::istream &in) {
  BrokerOrder it;
  in >> it.ticket >> it.symbol >> it.type >> it.state >> it.volumeInitial >> it.volumeCurrent >> it.price >> it.stopLimit >> it.sl >> it.tp >>
      it.magic >> it.position >> it.setupMs >> it.doneMs >> it.typeTime >> it.expiration;
  return it;
}

void readLine(const std::string &line) {
  std::istringstream in(line);
  std::string kind;
  in >> kind;
  if (kind == "account") in >> broker.login >> broker.server >> broker.mode >> broker.hedging >> broker.balance >> broker.nextTicket;
  if (kind == "order") broker.orders.push_back(readOrder(in));
  if (kind == "history") broker.history.push_back(readOrder(in));
  if (kind == "position") {
    BrokerPosition it;
    in >> it.ticket >> it.symbol >> it.type >> it.volume >> it.price >> it.sl >> it.tp >> it.magic >> it.openMs >> it.updateMs;
    broker.positions.push_back(it);
  }
  if (kind == "deal") {
    BrokerDeal it;
    in >> it.ticket >> it.order >> it.position >> it.symbol >> it.type >> it.entry >> it.reason >> it.volume >> it.price >> it.profit >>
        it.commission >> it.magic >> it.ms;
    broker.deals.push_back(it);
  }
  if (kind == "symbol") {
    std::string name;
    int mask = 0, execution = 0;
    in >> name >> mask >> execution;
    broker.symbols[name].fillingMask = mask;
    broker.symbols[name].execution = execution;
  }
}

void readTicks(BrokerSymbol &symbol) {
  std::ifstream in(ticksPath(symbol.name));
  long ms = 0;
  double bid = 0, ask = 0;
  while (in >> ms >> bid >> ask) symbol.ticks.push_back({static_cast<datetime>(ms / 1000), bid, ask, 0, 0, ms, 6, 0});
}

}  // namespace

void openBroker() {
  addSymbol("EURUSD", 5, 100000, SYMBOL_FILLING_FOK | SYMBOL_FILLING_IOC, SYMBOL_TRADE_EXECUTION_MARKET);
  addSymbol("GBPUSD", 5, 100000, SYMBOL_FILLING_IOC, SYMBOL_TRADE_EXECUTION_MARKET);
  addSymbol("XAUUSD", 2, 100, 0, SYMBOL_TRADE_EXECUTION_INSTANT);
  std::ifstream in(booksPath());
  for (std::string line; std::getline(in, line);) readLine(line);
  for (auto &[name, symbol] : broker.symbols) readTicks(symbol);
}

void saveBroker() {
  std::ofstream out(booksPath() + ".new");
  out.precision(17);
  out << "account " << broker.login << ' ' << broker.server << ' ' << broker.mode << ' ' << broker.hedging << ' ' << broker.balance << ' '
      << broker.nextTicket << '\n';
  writeOrders(out, "order", broker.orders);
  writeOrders(out, "history", broker.history);
  for (const BrokerPosition &it : broker.positions)
    out << "position " << it.ticket << ' ' << it.symbol << ' ' << it.type << ' ' << it.volume << ' ' << it.price << ' ' << it.sl << ' ' << it.tp
        << ' ' << it.magic << ' ' << it.openMs << ' ' << it.updateMs << '\n';
  for (const BrokerDeal &it : broker.deals)
    out << "deal " << it.ticket << ' ' << it.order << ' ' << it.position << ' ' << it.symbol << ' ' << it.type << ' ' << it.entry << ' '
        << it.reason << ' ' << it.volume << ' ' << it.price << ' ' << it.profit << ' ' << it.commission << ' ' << it.magic << ' ' << it.ms << '\n';
  for (const auto &[name, symbol] : broker.symbols) out << "symbol " << name << ' ' << symbol.fillingMask << ' ' << symbol.execution << '\n';
  out.close();
  ::rename((booksPath() + ".new").c_str(), booksPath().c_str());
}

std::string brokerAsJson() {
  std::ostringstream out;
  out << "{\"deals\":[";
  const char *comma = "";
  for (const BrokerDeal &it : broker.deals) {
    out << comma << "{\"ticket\":\"" << it.ticket << "\",\"magic\":\"" << it.magic << "\",\"volume\":" << it.volume << ",\"entry\":" << it.entry
        << ",\"type\":" << it.type << '}';
    comma = ",";
  }
  out << "],\"positions\":[";
  comma = "";
  for (const BrokerPosition &it : broker.positions) {
    out << comma << "{\"ticket\":\"" << it.ticket << "\",\"magic\":\"" << it.magic << "\",\"volume\":" << it.volume << ",\"sl\":" << it.sl
        << ",\"type\":" << it.type << '}';
    comma = ",";
  }
  out << "],\"orders\":[";
  comma = "";
  for (const BrokerOrder &it : broker.orders) {
    out << comma << "{\"ticket\":\"" << it.ticket << "\",\"magic\":\"" << it.magic << "\",\"type\":" << it.type << ",\"price\":" << it.price << '}';
    comma = ",";
  }
  out << "]}";
  return out.str();
}

void addTransaction(ENUM_TRADE_TRANSACTION_TYPE type, ulong order, ulong deal, ulong position, const std::string &symbol) {
  // A full queue loses what comes, as a terminal's does.
  if (transactions.size() < TRANSACTIONS_MAX) transactions.push_back({deal, order, String(symbol), type, position});
}

BrokerSymbol *findSymbol(const std::string &name) {
  const auto it = broker.symbols.find(name);
  return it == broker.symbols.end() ? nullptr : &it->second;
}

BrokerPosition *findPosition(ulong ticket) {
  for (BrokerPosition &it : broker.positions)
    if (it.ticket == ticket) return &it;
  return nullptr;
}

namespace {

BrokerPosition *positionOf(const std::string &symbol) {
  for (BrokerPosition &it : broker.positions)
    if (it.symbol == symbol) return &it;
  return nullptr;
}

double profitOf(const BrokerPosition &position, double price, double volume) {
  const double move = position.type == POSITION_TYPE_BUY ? price - position.price : position.price - price;
  return move * volume * broker.symbols[position.symbol].contractSize;
}

}  // namespace

ulong bookDeal(const DealRequest &request) {
  BrokerDeal deal;
  deal.ticket = broker.nextTicket++;
  deal.order = request.order;
  deal.symbol = request.symbol;
  deal.type = request.buy ? DEAL_TYPE_BUY : DEAL_TYPE_SELL;
  deal.volume = request.volume;
  deal.price = request.price;
  deal.magic = request.magic;
  deal.reason = request.reason;
  deal.ms = brokerNowMs();
  deal.commission = -2.5 * request.volume;
  BrokerPosition *against = request.position != 0 ? findPosition(request.position) : broker.hedging ? nullptr : positionOf(request.symbol);
  if (against != nullptr && (against->type == POSITION_TYPE_BUY) != request.buy) {
    const double closed = std::min(against->volume, request.volume);
    deal.position = against->ticket;
    deal.entry = request.volume > against->volume + 1e-9 ? DEAL_ENTRY_INOUT : DEAL_ENTRY_OUT;
    deal.profit = profitOf(*against, request.price, closed);
    against->volume -= closed;
    against->updateMs = deal.ms;
    if (deal.entry == DEAL_ENTRY_INOUT) {
      against->type = request.buy ? POSITION_TYPE_BUY : POSITION_TYPE_SELL;
      against->volume = request.volume - closed;
      against->price = request.price;
    }
  } else if (against != nullptr) {
    deal.position = against->ticket;
    against->price = (against->price * against->volume + request.price * request.volume) / (against->volume + request.volume);
    against->volume += request.volume;
    against->updateMs = deal.ms;
  } else {
    const ulong ticket = request.order != 0 ? request.order : broker.nextTicket++;
    broker.positions.push_back({ticket, request.symbol, request.buy ? POSITION_TYPE_BUY : POSITION_TYPE_SELL, request.volume, request.price,
                                request.sl, request.tp, request.magic, deal.ms, deal.ms});
    deal.position = ticket;
  }
  broker.balance += deal.profit + deal.commission;
  broker.positions.erase(std::remove_if(broker.positions.begin(), broker.positions.end(), [](const BrokerPosition &it) { return it.volume < 1e-9; }),
                         broker.positions.end());
  broker.deals.push_back(deal);
  addTransaction(TRADE_TRANSACTION_DEAL_ADD, deal.order, deal.ticket, deal.position, deal.symbol);
  addTransaction(TRADE_TRANSACTION_POSITION, deal.order, deal.ticket, deal.position, deal.symbol);
  return deal.ticket;
}

void endOrder(BrokerOrder order, int state) {
  order.state = state;
  order.doneMs = brokerNowMs();
  if (state == ORDER_STATE_FILLED) order.volumeCurrent = 0;
  broker.history.push_back(order);
  addTransaction(TRADE_TRANSACTION_ORDER_DELETE, order.ticket, 0, order.position, order.symbol);
  addTransaction(TRADE_TRANSACTION_HISTORY_ADD, order.ticket, 0, order.position, order.symbol);
}

void dealByHand(const std::string &symbol, bool buy, double volume) {
  const MqlTick &tick = broker.symbols.at(symbol).ticks.back();
  DealRequest request;
  request.symbol = symbol;
  request.buy = buy;
  request.volume = volume;
  request.price = buy ? tick.ask : tick.bid;
  request.reason = DEAL_REASON_CLIENT;
  bookDeal(request);
  saveBroker();
}

namespace {

bool triggers(const BrokerOrder &order, const MqlTick &tick) {
  switch (order.type) {
    case ORDER_TYPE_BUY_LIMIT:
      return tick.ask <= order.price;
    case ORDER_TYPE_SELL_LIMIT:
      return tick.bid >= order.price;
    case ORDER_TYPE_BUY_STOP:
    case ORDER_TYPE_BUY_STOP_LIMIT:
      return tick.ask >= order.price;
    default:
      return tick.bid <= order.price;
  }
}

void matchOrders(const std::string &symbol, const MqlTick &tick) {
  for (std::size_t i = 0; i < broker.orders.size();) {
    BrokerOrder order = broker.orders[i];
    if (order.symbol != symbol || !triggers(order, tick)) {
      i++;
      continue;
    }
    if (order.type == ORDER_TYPE_BUY_STOP_LIMIT || order.type == ORDER_TYPE_SELL_STOP_LIMIT) {
      broker.orders[i].type = order.type == ORDER_TYPE_BUY_STOP_LIMIT ? ORDER_TYPE_BUY_LIMIT : ORDER_TYPE_SELL_LIMIT;
      broker.orders[i].price = order.stopLimit;
      broker.orders[i].stopLimit = 0;
      i++;
      continue;
    }
    broker.orders.erase(broker.orders.begin() + static_cast<long>(i));
    const bool buy = order.type == ORDER_TYPE_BUY_LIMIT || order.type == ORDER_TYPE_BUY_STOP;
    bookDeal({symbol, buy, order.volumeInitial, buy ? tick.ask : tick.bid, order.sl, order.tp, order.magic, order.ticket, 0, DEAL_REASON_EXPERT});
    endOrder(order, ORDER_STATE_FILLED);
  }
}

void matchStops(const std::string &symbol, const MqlTick &tick) {
  const std::vector<BrokerPosition> before = broker.positions;
  for (const BrokerPosition &it : before) {
    if (it.symbol != symbol) continue;
    const bool buy = it.type == POSITION_TYPE_BUY;
    const bool stopped = it.sl > 0 && (buy ? tick.bid <= it.sl : tick.ask >= it.sl);
    const bool reached = it.tp > 0 && (buy ? tick.bid >= it.tp : tick.ask <= it.tp);
    if (stopped || reached)
      bookDeal({symbol, !buy, it.volume, buy ? tick.bid : tick.ask, 0, 0, it.magic, 0, it.ticket, stopped ? DEAL_REASON_SL : DEAL_REASON_TP});
  }
}

}  // namespace

void addTick(const std::string &name, double bid, double ask, long ms) {
  BrokerSymbol *symbol = findSymbol(name);
  if (symbol == nullptr) hardError("a tick of an unknown symbol");
  symbol->ticks.push_back({static_cast<datetime>(ms / 1000), bid, ask, 0, 0, ms, 6, 0});
  std::ofstream out(ticksPath(name), std::ios::app);
  out.precision(12);
  out << ms << ' ' << bid << ' ' << ask << '\n';
  const std::size_t deals = broker.deals.size();
  matchOrders(name, symbol->ticks.back());
  matchStops(name, symbol->ticks.back());
  if (broker.deals.size() != deals) saveBroker();
}

}  // namespace terminal
