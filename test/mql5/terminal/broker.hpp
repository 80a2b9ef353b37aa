// What the broker's books and the terminal's trade functions share.

#pragma once

#include "world.hpp"

namespace terminal {

struct DealRequest {
  std::string symbol;
  bool buy = false;
  double volume = 0, price = 0, sl = 0, tp = 0;
  ulong magic = 0, order = 0;
  // The position to close; 0 opens one on a hedging account.
  ulong position = 0;
  int reason = DEAL_REASON_EXPERT;
};

ulong bookDeal(const DealRequest &request);
void endOrder(BrokerOrder order, int state);
BrokerSymbol *findSymbol(const std::string &name);
BrokerPosition *findPosition(ulong ticket);

}  // namespace terminal
