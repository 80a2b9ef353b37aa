// Commands as the terminal's trade requests: one function per kind, each filling exactly the fields that its action takes.

#ifndef TICKFORGE_REQUESTS
#define TICKFORGE_REQUESTS

#include <Tickforge/Command.mqh>

// A filling mode of the symbol's mask that is not in `tried` (a mask of our own, by bit); false when none is left. Fill-or-kill
// comes first: what is filled as a whole leaves nothing over to decide about.
bool ChooseFilling(const string symbol,int &tried,ENUM_ORDER_TYPE_FILLING &filling)
  {
   long mask=SymbolInfoInteger(symbol,SYMBOL_FILLING_MODE);
   bool market=(SymbolInfoInteger(symbol,SYMBOL_TRADE_EXEMODE)==SYMBOL_TRADE_EXECUTION_MARKET);
   if((mask&SYMBOL_FILLING_FOK)!=0 && (tried&1)==0)
     {
      tried|=1;
      filling=ORDER_FILLING_FOK;
      return(true);
     }
   if((mask&SYMBOL_FILLING_IOC)!=0 && (tried&2)==0)
     {
      tried|=2;
      filling=ORDER_FILLING_IOC;
      return(true);
     }
   if(!market && (tried&4)==0)
     {
      tried|=4;
      filling=ORDER_FILLING_RETURN;
      return(true);
     }
   return(false);
  }

ENUM_ORDER_TYPE OrderTypeOf(const string type,const bool buy)
  {
   if(type=="limit")
      return(buy ? ORDER_TYPE_BUY_LIMIT : ORDER_TYPE_SELL_LIMIT);
   if(type=="stop")
      return(buy ? ORDER_TYPE_BUY_STOP : ORDER_TYPE_SELL_STOP);
   if(type=="stop-limit")
      return(buy ? ORDER_TYPE_BUY_STOP_LIMIT : ORDER_TYPE_SELL_STOP_LIMIT);
   return(buy ? ORDER_TYPE_BUY : ORDER_TYPE_SELL);
  }

// As the broker writes prices of the symbol.
double AsPrice(const double value,const string symbol)
  {
   return(NormalizeDouble(value,(int)SymbolInfoInteger(symbol,SYMBOL_DIGITS)));
  }

void FillOrder(const Command &command,MqlTradeRequest &request)
  {
   bool market=(command.type=="market");
   request.action=(market ? TRADE_ACTION_DEAL : TRADE_ACTION_PENDING);
   request.symbol=command.symbol;
   request.volume=command.volume;
   request.type=OrderTypeOf(command.type,command.buy);
   request.price=AsPrice(command.price,command.symbol);
   request.stoplimit=AsPrice(command.stopLimitPrice,command.symbol);
   request.sl=AsPrice(command.sl,command.symbol);
   request.tp=AsPrice(command.tp,command.symbol);
   request.deviation=command.deviationPoints;
   // Pending orders take no other.
   request.type_filling=ORDER_FILLING_RETURN;
   request.type_time=ORDER_TIME_GTC;
   if(command.timeInForce=="day")
      request.type_time=ORDER_TIME_DAY;
   if(command.timeInForce=="until")
     {
      request.type_time=ORDER_TIME_SPECIFIED;
      request.expiration=(datetime)(command.untilBrokerMs/1000);
     }
  }

// Needs the position selected. Without its ticket the terminal would open an opposite one.
void FillClose(const Command &command,MqlTradeRequest &request)
  {
   double open=PositionGetDouble(POSITION_VOLUME);
   request.action=TRADE_ACTION_DEAL;
   request.symbol=PositionGetString(POSITION_SYMBOL);
   request.position=command.target;
   request.volume=(command.volume>0 && command.volume<open ? command.volume : open);
   request.type=(PositionGetInteger(POSITION_TYPE)==POSITION_TYPE_BUY ? ORDER_TYPE_SELL : ORDER_TYPE_BUY);
   request.deviation=command.deviationPoints;
  }

// Needs the position or the order selected.
void FillModify(const Command &command,MqlTradeRequest &request)
  {
   request.action=(command.ofPosition ? TRADE_ACTION_SLTP : TRADE_ACTION_MODIFY);
   request.symbol=(command.ofPosition ? PositionGetString(POSITION_SYMBOL) : OrderGetString(ORDER_SYMBOL));
   request.sl=AsPrice(command.sl,request.symbol);
   request.tp=AsPrice(command.tp,request.symbol);
   if(command.ofPosition)
     {
      request.position=command.target;
      return;
     }
   request.order=command.target;
   request.price=AsPrice(command.price,request.symbol);
   request.stoplimit=AsPrice(command.stopLimitPrice,request.symbol);
   request.type_time=(ENUM_ORDER_TYPE_TIME)OrderGetInteger(ORDER_TYPE_TIME);
   request.expiration=(datetime)OrderGetInteger(ORDER_TIME_EXPIRATION);
  }

// The code of a refusal when what the command is about is not there; else the request is filled, but for price and filling.
string FillRequest(const Command &command,MqlTradeRequest &request)
  {
   ZeroMemory(request);
   request.magic=command.magic;
   if(command.ofPosition && !PositionSelectByTicket(command.target))
      return("no-such-position");
   if((command.kind=="cancel" || (command.kind=="modify" && !command.ofPosition)) && !OrderSelect(command.target))
      return("no-such-order");
   if(command.kind=="order")
      FillOrder(command,request);
   if(command.kind=="close")
      FillClose(command,request);
   if(command.kind=="modify")
      FillModify(command,request);
   if(command.kind=="cancel")
     {
      request.action=TRADE_ACTION_REMOVE;
      request.order=command.target;
      request.symbol=OrderGetString(ORDER_SYMBOL);
     }
   if(command.kind=="close-by")
     {
      request.action=TRADE_ACTION_CLOSE_BY;
      request.symbol=PositionGetString(POSITION_SYMBOL);
      request.position=command.target;
      request.position_by=command.by;
      if(!PositionSelectByTicket(command.by))
         return("no-such-position");
     }
   return("");
  }

// Lots must be a whole number of steps between the symbol's bounds.
bool VolumeFits(const string symbol,const double volume)
  {
   double min=SymbolInfoDouble(symbol,SYMBOL_VOLUME_MIN);
   double max=SymbolInfoDouble(symbol,SYMBOL_VOLUME_MAX);
   double step=SymbolInfoDouble(symbol,SYMBOL_VOLUME_STEP);
   if(step<=0 || volume<min-1e-9 || volume>max+1e-9)
      return(false);
   double steps=volume/step;
   return(MathAbs(steps-MathRound(steps))<1e-6);
  }

#endif
