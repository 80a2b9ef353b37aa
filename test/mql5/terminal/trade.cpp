// OrderSend over the fake broker. At the moment an order leaves, the intent that it belongs to must be on disk: anything else ends
// the run.

#include "broker.hpp"

namespace terminal {

namespace {

// Whether the intents of the account that is logged in, as they are on disk now, hold that number.
bool intentOnDisk(ulong magic) {
  const char *modes[] = {"demo", "contest", "real"};
  const std::string folder = std::to_string(broker.login) + "_" + broker.server + "_" + modes[broker.mode];
  std::ifstream in(dataFolder + "/common/Tickforge/" + folder + "/intents.txt");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return text.find("\"magic\":\"" + std::to_string(magic) + "\"") != std::string::npos;
}

BrokerOrder orderOf(const MqlTradeRequest &request) {
  BrokerOrder order;
  order.ticket = broker.nextTicket++;
  order.symbol = request.symbol.utf8();
  order.type = request.type;
  order.volumeInitial = request.volume;
  order.volumeCurrent = request.volume;
  order.price = request.price;
  order.stopLimit = request.stoplimit;
  order.sl = request.sl;
  order.tp = request.tp;
  order.magic = request.magic;
  order.position = request.position;
  order.setupMs = brokerNowMs();
  order.typeTime = request.type_time;
  order.expiration = static_cast<long>(request.expiration);
  return order;
}

bool fillingAllowed(const BrokerSymbol &symbol, ENUM_ORDER_TYPE_FILLING filling) {
  if (filling == ORDER_FILLING_FOK) return (symbol.fillingMask & SYMBOL_FILLING_FOK) != 0;
  if (filling == ORDER_FILLING_IOC) return (symbol.fillingMask & SYMBOL_FILLING_IOC) != 0;
  return filling == ORDER_FILLING_RETURN && symbol.execution != SYMBOL_TRADE_EXECUTION_MARKET;
}

uint dealAtMarket(const MqlTradeRequest &request, MqlTradeResult &result) {
  const BrokerSymbol *symbol = findSymbol(request.symbol.utf8());
  if (symbol == nullptr || symbol->ticks.empty()) return TRADE_RETCODE_INVALID;
  if (!fillingAllowed(*symbol, request.type_filling)) return TRADE_RETCODE_INVALID_FILL;
  if (request.volume <= 0) return TRADE_RETCODE_INVALID_VOLUME;
  if (request.position != 0 && findPosition(request.position) == nullptr) return TRADE_RETCODE_POSITION_CLOSED;
  const bool buy = request.type == ORDER_TYPE_BUY;
  const MqlTick &tick = symbol->ticks.back();
  const double price = buy ? tick.ask : tick.bid;
  if ((request.sl > 0 && (buy ? request.sl >= price : request.sl <= price)) || (request.tp > 0 && (buy ? request.tp <= price : request.tp >= price)))
    return TRADE_RETCODE_INVALID_STOPS;
  BrokerOrder order = orderOf(request);
  const bool part = broker.fillsOnly > 0 && broker.fillsOnly < request.volume && request.type_filling != ORDER_FILLING_FOK;
  const double volume = part ? broker.fillsOnly : request.volume;
  broker.fillsOnly = 0;
  addTransaction(TRADE_TRANSACTION_ORDER_ADD, order.ticket, 0, 0, order.symbol);
  result.order = order.ticket;
  result.deal = bookDeal({order.symbol, buy, volume, price, request.sl, request.tp, request.magic, order.ticket, request.position, DEAL_REASON_EXPERT});
  result.volume = volume;
  result.price = price;
  result.bid = tick.bid;
  result.ask = tick.ask;
  order.volumeCurrent = request.volume - volume;
  order.position = broker.deals.back().position;
  endOrder(order, part ? ORDER_STATE_CANCELED : ORDER_STATE_FILLED);
  return part ? TRADE_RETCODE_DONE_PARTIAL : TRADE_RETCODE_DONE;
}

uint placePending(const MqlTradeRequest &request, MqlTradeResult &result) {
  if (findSymbol(request.symbol.utf8()) == nullptr || request.type < ORDER_TYPE_BUY_LIMIT) return TRADE_RETCODE_INVALID;
  if (request.type_filling != ORDER_FILLING_RETURN) return TRADE_RETCODE_INVALID_FILL;
  if (request.price <= 0) return TRADE_RETCODE_INVALID_PRICE;
  BrokerOrder order = orderOf(request);
  order.state = ORDER_STATE_PLACED;
  broker.orders.push_back(order);
  result.order = order.ticket;
  result.volume = request.volume;
  addTransaction(TRADE_TRANSACTION_ORDER_ADD, order.ticket, 0, 0, order.symbol);
  return TRADE_RETCODE_DONE;
}

uint changePosition(const MqlTradeRequest &request) {
  BrokerPosition *it = findPosition(request.position);
  if (it == nullptr) return TRADE_RETCODE_POSITION_CLOSED;
  if (std::abs(it->sl - request.sl) < 1e-9 && std::abs(it->tp - request.tp) < 1e-9) return TRADE_RETCODE_NO_CHANGES;
  it->sl = request.sl;
  it->tp = request.tp;
  it->updateMs = brokerNowMs();
  addTransaction(TRADE_TRANSACTION_POSITION, 0, 0, it->ticket, it->symbol);
  return TRADE_RETCODE_DONE;
}

uint changeOrder(const MqlTradeRequest &request, MqlTradeResult &result) {
  for (std::size_t i = 0; i < broker.orders.size(); i++) {
    BrokerOrder &it = broker.orders[i];
    if (it.ticket != request.order) continue;
    result.order = it.ticket;
    if (request.action == TRADE_ACTION_REMOVE) {
      endOrder(it, ORDER_STATE_CANCELED);
      broker.orders.erase(broker.orders.begin() + static_cast<long>(i));
      return TRADE_RETCODE_DONE;
    }
    it.price = request.price;
    it.stopLimit = request.stoplimit;
    it.sl = request.sl;
    it.tp = request.tp;
    addTransaction(TRADE_TRANSACTION_ORDER_UPDATE, it.ticket, 0, 0, it.symbol);
    return TRADE_RETCODE_DONE;
  }
  return TRADE_RETCODE_INVALID;
}

uint closeBy(const MqlTradeRequest &request, MqlTradeResult &result) {
  BrokerPosition *one = findPosition(request.position);
  BrokerPosition *two = findPosition(request.position_by);
  if (one == nullptr || two == nullptr) return TRADE_RETCODE_POSITION_CLOSED;
  if (!broker.hedging || one->symbol != two->symbol || one->type == two->type) return TRADE_RETCODE_INVALID;
  const BrokerPosition a = *one, b = *two;
  const double volume = a.volume < b.volume ? a.volume : b.volume;
  BrokerOrder order = orderOf(request);
  order.type = ORDER_TYPE_CLOSE_BY;
  order.symbol = a.symbol;
  order.volumeInitial = volume;
  result.order = order.ticket;
  result.deal = bookDeal({a.symbol, a.type == POSITION_TYPE_SELL, volume, b.price, 0, 0, request.magic, order.ticket, a.ticket, DEAL_REASON_EXPERT});
  bookDeal({a.symbol, b.type == POSITION_TYPE_SELL, volume, b.price, 0, 0, request.magic, order.ticket, b.ticket, DEAL_REASON_EXPERT});
  result.volume = volume;
  endOrder(order, ORDER_STATE_FILLED);
  return TRADE_RETCODE_DONE;
}

uint execute(const MqlTradeRequest &request, MqlTradeResult &result) {
  switch (request.action) {
    case TRADE_ACTION_DEAL:
      return dealAtMarket(request, result);
    case TRADE_ACTION_PENDING:
      return placePending(request, result);
    case TRADE_ACTION_SLTP:
      return changePosition(request);
    case TRADE_ACTION_MODIFY:
    case TRADE_ACTION_REMOVE:
      return changeOrder(request, result);
    case TRADE_ACTION_CLOSE_BY:
      return closeBy(request, result);
  }
  return TRADE_RETCODE_INVALID;
}

}  // namespace

bool OrderSend(MqlTradeRequest &request, MqlTradeResult &result) {
  if (request.magic == 0 || request.magic >> 63 != 0) hardError("an order without a magic number of its own");
  if (!intentOnDisk(request.magic)) hardError("an order left before its intent was on disk");
  char line[512];
  std::snprintf(line, sizeof line, "sent {\"magic\":\"%lu\",\"action\":%d,\"filling\":%d,\"volume\":%.8g,\"position\":\"%lu\",\"type\":%d}", request.magic,
                request.action, request.type_filling, request.volume, request.position, request.type);
  tell(line);
  passPoint("before-send");
  uint retcode = 0;
  if (!broker.forced.empty()) {
    const ForcedAnswer forced = broker.forced.front();
    broker.forced.erase(broker.forced.begin());
    if (forced.executes) execute(request, result);
    // What is ambiguous comes without tickets.
    result = MqlTradeResult{};
    retcode = forced.retcode;
  } else {
    retcode = execute(request, result);
  }
  result.retcode = retcode;
  saveBroker();
  passPoint("after-send");
  addTransaction(TRADE_TRANSACTION_REQUEST, result.order, result.deal, 0, request.symbol.utf8());
  return retcode == TRADE_RETCODE_DONE || retcode == TRADE_RETCODE_PLACED || retcode == TRADE_RETCODE_DONE_PARTIAL;
}

}  // namespace terminal
