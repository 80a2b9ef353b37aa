// The whole fake terminal as one translation unit: its headers cost more than its code.

#include "text.cpp"
#include "machine.cpp"
#include "sockets.cpp"
#include "broker.cpp"
#include "trade.cpp"
#include "books.cpp"
#include "loop.cpp"
