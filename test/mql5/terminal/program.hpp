// The handlers of the Expert Advisor, as the loop calls them. The generated program defines them.

#pragma once

#include "trade-api.hpp"

namespace program {

int onInit();
void onDeinit(int reason);
void onTick();
void onTimer();
void onTradeTransaction(const terminal::MqlTradeTransaction &transaction);
void onClick(const terminal::String &object);

}  // namespace program
