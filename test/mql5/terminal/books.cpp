// The terminal's windows on the broker: account, symbols, ticks, orders, positions, history, calendar. Selections behave as in a
// terminal: what was not selected cannot be read.

#include "broker.hpp"

namespace terminal {

const String _Symbol(u"EURUSD");
std::vector<MqlCalendarValue> calendarValues;
std::map<ulong, MqlCalendarEvent> calendarEvents;

namespace {

const BrokerSymbol &known(const String &name) {
  const BrokerSymbol *it = findSymbol(name.utf8());
  if (it == nullptr) hardError("a property of an unknown symbol " + name.utf8());
  return *it;
}

double priceNow(const BrokerPosition &it) {
  const MqlTick &tick = broker.symbols.at(it.symbol).ticks.back();
  return it.type == POSITION_TYPE_BUY ? tick.bid : tick.ask;
}

double floating(const BrokerPosition &it) {
  const double move = it.type == POSITION_TYPE_BUY ? priceNow(it) - it.price : it.price - priceNow(it);
  return move * it.volume * broker.symbols.at(it.symbol).contractSize;
}

}  // namespace

int SymbolsTotal(bool) { return static_cast<int>(broker.symbols.size()); }
String SymbolName(int position, bool) {
  auto it = broker.symbols.begin();
  std::advance(it, position);
  return String(it->first);
}
bool SymbolSelect(const String &name, bool) { return findSymbol(name.utf8()) != nullptr; }

long SymbolInfoInteger(const String &name, ENUM_SYMBOL_INFO_INTEGER property) {
  if (property == SYMBOL_SELECT) return findSymbol(name.utf8()) != nullptr ? 1 : 0;
  const BrokerSymbol &it = known(name);
  switch (property) {
    case SYMBOL_DIGITS:
      return it.digits;
    case SYMBOL_FILLING_MODE:
      return it.fillingMask;
    case SYMBOL_TRADE_EXEMODE:
      return it.execution;
    case SYMBOL_ORDER_MODE:
      return 127;
    case SYMBOL_EXPIRATION_MODE:
      return 15;
    case SYMBOL_TRADE_MODE:
      return SYMBOL_TRADE_MODE_FULL;
    default:
      return 0;
  }
}

double SymbolInfoDouble(const String &name, ENUM_SYMBOL_INFO_DOUBLE property) {
  const BrokerSymbol &it = known(name);
  const double point = std::pow(10.0, -it.digits);
  switch (property) {
    case SYMBOL_POINT:
    case SYMBOL_TRADE_TICK_SIZE:
      return point;
    case SYMBOL_TRADE_TICK_VALUE:
      return point * it.contractSize;
    case SYMBOL_TRADE_CONTRACT_SIZE:
      return it.contractSize;
    case SYMBOL_VOLUME_MAX:
      return 100;
    case SYMBOL_VOLUME_LIMIT:
      return 0;
    default:
      return 0.01;
  }
}

String SymbolInfoString(const String &name, ENUM_SYMBOL_INFO_STRING property) {
  const std::string it = known(name).name;
  switch (property) {
    case SYMBOL_DESCRIPTION:
      return String(it + " \xC3\xA0 \"terme\"");
    case SYMBOL_CURRENCY_PROFIT:
      return String(it.substr(3));
    default:
      return String(it.substr(0, 3));
  }
}

bool SymbolInfoTick(const String &name, MqlTick &tick) {
  const BrokerSymbol &it = known(name);
  if (it.ticks.empty()) return false;
  tick = it.ticks.back();
  return true;
}

bool SymbolInfoSessionQuote(const String &, ENUM_DAY_OF_WEEK day, uint session, datetime &from, datetime &to) {
  if (session > 0 || day == SATURDAY || day == SUNDAY) return false;
  from = 300;
  to = 86400;
  return true;
}
bool SymbolInfoSessionTrade(const String &name, ENUM_DAY_OF_WEEK day, uint session, datetime &from, datetime &to) {
  return SymbolInfoSessionQuote(name, day, session, from, to);
}

int CopyTicks(const String &name, Array<MqlTick> &ticks, uint, ulong from, uint count) {
  const BrokerSymbol &it = known(name);
  if (from == 0 || count == 0) hardError("CopyTicks without a beginning or a count");
  std::size_t first = it.ticks.size();
  while (first > 0 && it.ticks[first - 1].time_msc >= static_cast<long>(from)) first--;
  const std::size_t end = first + count < it.ticks.size() ? first + count : it.ticks.size();
  ticks.resize(static_cast<long>(end - first));
  for (std::size_t i = first; i < end; i++) ticks[static_cast<long>(i - first)] = it.ticks[i];
  return ticks.size();
}

long AccountInfoInteger(ENUM_ACCOUNT_INFO_INTEGER property) {
  switch (property) {
    case ACCOUNT_LOGIN:
      return static_cast<long>(broker.login);
    case ACCOUNT_TRADE_MODE:
      return broker.mode;
    case ACCOUNT_LEVERAGE:
      return 100;
    case ACCOUNT_MARGIN_MODE:
      return broker.hedging ? ACCOUNT_MARGIN_MODE_RETAIL_HEDGING : ACCOUNT_MARGIN_MODE_RETAIL_NETTING;
    case ACCOUNT_CURRENCY_DIGITS:
      return 2;
    default:
      return 1;
  }
}

double AccountInfoDouble(ENUM_ACCOUNT_INFO_DOUBLE property) {
  double profit = 0, margin = 0;
  for (const BrokerPosition &it : broker.positions) {
    profit += floating(it);
    margin += it.volume * broker.symbols.at(it.symbol).contractSize * it.price / 100;
  }
  switch (property) {
    case ACCOUNT_BALANCE:
      return broker.balance;
    case ACCOUNT_CREDIT:
      return 0;
    case ACCOUNT_PROFIT:
      return profit;
    case ACCOUNT_EQUITY:
      return broker.balance + profit;
    case ACCOUNT_MARGIN:
      return margin;
    case ACCOUNT_MARGIN_FREE:
      return broker.balance + profit - margin;
    case ACCOUNT_MARGIN_LEVEL:
      return margin > 0 ? (broker.balance + profit) / margin * 100 : 0;
  }
  return 0;
}

String AccountInfoString(ENUM_ACCOUNT_INFO_STRING property) {
  switch (property) {
    case ACCOUNT_SERVER:
      return String(broker.server);
    case ACCOUNT_CURRENCY:
      return String(u"USD");
    case ACCOUNT_COMPANY:
      return String(u"Harness Markets");
  }
  return String();
}

namespace {

long orderNumber(const BrokerOrder &it, ENUM_ORDER_PROPERTY_INTEGER property) {
  switch (property) {
    case ORDER_TIME_SETUP_MSC:
      return it.setupMs;
    case ORDER_TIME_DONE_MSC:
      return it.doneMs;
    case ORDER_TIME_EXPIRATION:
      return it.expiration;
    case ORDER_TYPE:
      return it.type;
    case ORDER_STATE:
      return it.state;
    case ORDER_TYPE_TIME:
      return it.typeTime;
    case ORDER_MAGIC:
      return static_cast<long>(it.magic);
    case ORDER_POSITION_ID:
      return static_cast<long>(it.position);
  }
  return 0;
}

double orderDouble(const BrokerOrder &it, ENUM_ORDER_PROPERTY_DOUBLE property) {
  switch (property) {
    case ORDER_VOLUME_INITIAL:
      return it.volumeInitial;
    case ORDER_VOLUME_CURRENT:
      return it.volumeCurrent;
    case ORDER_PRICE_OPEN:
      return it.price;
    case ORDER_PRICE_STOPLIMIT:
      return it.stopLimit;
    case ORDER_SL:
      return it.sl;
    case ORDER_TP:
      return it.tp;
  }
  return 0;
}

BrokerOrder selectedOrder;
BrokerPosition selectedPosition;
std::vector<BrokerOrder> historyOrders;
std::vector<BrokerDeal> historyDeals;

const BrokerOrder &historyOrder(ulong ticket) {
  for (const BrokerOrder &it : historyOrders)
    if (it.ticket == ticket) return it;
  hardError("a history order that is not selected");
}

const BrokerDeal &historyDeal(ulong ticket) {
  for (const BrokerDeal &it : historyDeals)
    if (it.ticket == ticket) return it;
  hardError("a deal that is not selected");
}

}  // namespace

int OrdersTotal() { return static_cast<int>(broker.orders.size()); }
ulong OrderGetTicket(int index) {
  if (index < 0 || index >= OrdersTotal()) return 0;
  selectedOrder = broker.orders[static_cast<std::size_t>(index)];
  return selectedOrder.ticket;
}
bool OrderSelect(ulong ticket) {
  for (const BrokerOrder &it : broker.orders)
    if (it.ticket == ticket) {
      selectedOrder = it;
      return true;
    }
  return false;
}
long OrderGetInteger(ENUM_ORDER_PROPERTY_INTEGER property) { return orderNumber(selectedOrder, property); }
double OrderGetDouble(ENUM_ORDER_PROPERTY_DOUBLE property) { return orderDouble(selectedOrder, property); }
String OrderGetString(ENUM_ORDER_PROPERTY_STRING) { return String(selectedOrder.symbol); }

int PositionsTotal() { return static_cast<int>(broker.positions.size()); }
ulong PositionGetTicket(int index) {
  if (index < 0 || index >= PositionsTotal()) return 0;
  selectedPosition = broker.positions[static_cast<std::size_t>(index)];
  return selectedPosition.ticket;
}
bool PositionSelectByTicket(ulong ticket) {
  const BrokerPosition *it = findPosition(ticket);
  if (it != nullptr) selectedPosition = *it;
  return it != nullptr;
}
long PositionGetInteger(ENUM_POSITION_PROPERTY_INTEGER property) {
  switch (property) {
    case POSITION_TICKET:
    case POSITION_IDENTIFIER:
      return static_cast<long>(selectedPosition.ticket);
    case POSITION_TIME_MSC:
      return selectedPosition.openMs;
    case POSITION_TIME_UPDATE_MSC:
      return selectedPosition.updateMs;
    case POSITION_TYPE:
      return selectedPosition.type;
    case POSITION_MAGIC:
      return static_cast<long>(selectedPosition.magic);
  }
  return 0;
}
double PositionGetDouble(ENUM_POSITION_PROPERTY_DOUBLE property) {
  switch (property) {
    case POSITION_VOLUME:
      return selectedPosition.volume;
    case POSITION_PRICE_OPEN:
      return selectedPosition.price;
    case POSITION_SL:
      return selectedPosition.sl;
    case POSITION_TP:
      return selectedPosition.tp;
    case POSITION_PRICE_CURRENT:
      return priceNow(selectedPosition);
    case POSITION_SWAP:
      return 0;
    case POSITION_PROFIT:
      return floating(selectedPosition);
  }
  return 0;
}
String PositionGetString(ENUM_POSITION_PROPERTY_STRING) { return String(selectedPosition.symbol); }

bool HistorySelect(datetime from, datetime to) {
  const long first = static_cast<long>(from) * 1000, last = static_cast<long>(to) * 1000;
  historyOrders.clear();
  historyDeals.clear();
  for (const BrokerOrder &it : broker.history)
    if (it.setupMs >= first && it.setupMs <= last) historyOrders.push_back(it);
  for (const BrokerDeal &it : broker.deals)
    if (it.ms >= first && it.ms <= last) historyDeals.push_back(it);
  return true;
}
int HistoryOrdersTotal() { return static_cast<int>(historyOrders.size()); }
ulong HistoryOrderGetTicket(int index) {
  return index < 0 || index >= HistoryOrdersTotal() ? 0 : historyOrders[static_cast<std::size_t>(index)].ticket;
}
bool HistoryOrderSelect(ulong ticket) {
  // Clears what was selected before, whether or not it finds the order.
  historyOrders.clear();
  for (const BrokerOrder &it : broker.history)
    if (it.ticket == ticket) historyOrders.push_back(it);
  return !historyOrders.empty();
}
long HistoryOrderGetInteger(ulong ticket, ENUM_ORDER_PROPERTY_INTEGER property) { return orderNumber(historyOrder(ticket), property); }
double HistoryOrderGetDouble(ulong ticket, ENUM_ORDER_PROPERTY_DOUBLE property) { return orderDouble(historyOrder(ticket), property); }
String HistoryOrderGetString(ulong ticket, ENUM_ORDER_PROPERTY_STRING) { return String(historyOrder(ticket).symbol); }

int HistoryDealsTotal() { return static_cast<int>(historyDeals.size()); }
ulong HistoryDealGetTicket(int index) {
  return index < 0 || index >= HistoryDealsTotal() ? 0 : historyDeals[static_cast<std::size_t>(index)].ticket;
}
long HistoryDealGetInteger(ulong ticket, ENUM_DEAL_PROPERTY_INTEGER property) {
  const BrokerDeal &it = historyDeal(ticket);
  switch (property) {
    case DEAL_ORDER:
      return static_cast<long>(it.order);
    case DEAL_TIME_MSC:
      return it.ms;
    case DEAL_TYPE:
      return it.type;
    case DEAL_ENTRY:
      return it.entry;
    case DEAL_MAGIC:
      return static_cast<long>(it.magic);
    case DEAL_POSITION_ID:
      return static_cast<long>(it.position);
    case DEAL_REASON:
      return it.reason;
  }
  return 0;
}
double HistoryDealGetDouble(ulong ticket, ENUM_DEAL_PROPERTY_DOUBLE property) {
  const BrokerDeal &it = historyDeal(ticket);
  switch (property) {
    case DEAL_VOLUME:
      return it.volume;
    case DEAL_PRICE:
      return it.price;
    case DEAL_COMMISSION:
      return it.commission;
    case DEAL_PROFIT:
      return it.profit;
    default:
      return 0;
  }
}
String HistoryDealGetString(ulong ticket, ENUM_DEAL_PROPERTY_STRING) { return String(historyDeal(ticket).symbol); }

int CalendarValueHistory(Array<MqlCalendarValue> &values, datetime from, datetime to) {
  values.resize(0);
  for (const MqlCalendarValue &it : calendarValues)
    if (it.time >= from && it.time <= to) values.items().push_back(it);
  return values.size();
}
bool CalendarEventById(ulong id, MqlCalendarEvent &event) {
  const auto it = calendarEvents.find(id);
  if (it != calendarEvents.end()) event = it->second;
  return it != calendarEvents.end();
}
bool CalendarCountryById(long id, MqlCalendarCountry &country) {
  country = {static_cast<ulong>(id), String(u"US"), String(u"USD")};
  return id == 840;
}

}  // namespace terminal
