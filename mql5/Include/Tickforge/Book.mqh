// Orders, positions, deals and the account's figures as the server reads them (edge/mt5/protocol/book.ts).

#ifndef TICKFORGE_BOOK
#define TICKFORGE_BOOK

#include <Tickforge/JsonWriter.mqh>

// Empty, which is null, where there is no price.
string PriceText(const string symbol,const double value)
  {
   if(value<=0 || !MathIsValidNumber(value))
      return("");
   return(DoubleToString(value,(int)SymbolInfoInteger(symbol,SYMBOL_DIGITS)));
  }

string MoneyText(const double value)
  {
   return(Plain(value,8));
  }

string OrderTypeText(const long type)
  {
   switch((int)type)
     {
      case ORDER_TYPE_BUY:
      case ORDER_TYPE_SELL:
         return("market");
      case ORDER_TYPE_BUY_LIMIT:
      case ORDER_TYPE_SELL_LIMIT:
         return("limit");
      case ORDER_TYPE_BUY_STOP:
      case ORDER_TYPE_SELL_STOP:
         return("stop");
      case ORDER_TYPE_CLOSE_BY:
         return("close-by");
      default:
         return("stop-limit");
     }
  }

bool IsBuyOrder(const long type)
  {
   return(type==ORDER_TYPE_BUY || type==ORDER_TYPE_BUY_LIMIT || type==ORDER_TYPE_BUY_STOP || type==ORDER_TYPE_BUY_STOP_LIMIT);
  }

string OrderStateText(const long state)
  {
   switch((int)state)
     {
      case ORDER_STATE_STARTED:
         return("started");
      case ORDER_STATE_PLACED:
         return("placed");
      case ORDER_STATE_CANCELED:
         return("cancelled");
      case ORDER_STATE_PARTIAL:
         return("partial");
      case ORDER_STATE_FILLED:
         return("filled");
      case ORDER_STATE_EXPIRED:
         return("expired");
      case ORDER_STATE_REQUEST_ADD:
         return("adding");
      case ORDER_STATE_REQUEST_MODIFY:
         return("modifying");
      case ORDER_STATE_REQUEST_CANCEL:
         return("cancelling");
      default:
         return("rejected");
     }
  }

long OrderNumber(const ulong ticket,const bool history,const ENUM_ORDER_PROPERTY_INTEGER property)
  {
   return(history ? HistoryOrderGetInteger(ticket,property) : OrderGetInteger(property));
  }

double OrderDouble(const ulong ticket,const bool history,const ENUM_ORDER_PROPERTY_DOUBLE property)
  {
   return(history ? HistoryOrderGetDouble(ticket,property) : OrderGetDouble(property));
  }

// A live order that is selected, or one of the history.
void WriteOrder(JsonWriter &json,const string name,const ulong ticket,const bool history)
  {
   string symbol=(history ? HistoryOrderGetString(ticket,ORDER_SYMBOL) : OrderGetString(ORDER_SYMBOL));
   long type=OrderNumber(ticket,history,ORDER_TYPE);
   bool market=(type==ORDER_TYPE_BUY || type==ORDER_TYPE_SELL || type==ORDER_TYPE_CLOSE_BY);
   double price=(market ? 0 : OrderDouble(ticket,history,ORDER_PRICE_OPEN));
   long done=OrderNumber(ticket,history,ORDER_TIME_DONE_MSC);
   json.Open(name);
   json.Ticket("ticket",ticket);
   json.Text("symbol",symbol);
   json.Text("side",IsBuyOrder(type) ? "buy" : "sell");
   json.Text("type",OrderTypeText(type));
   json.Text("state",OrderStateText(OrderNumber(ticket,history,ORDER_STATE)));
   json.Text("volumeInitial",Plain(OrderDouble(ticket,history,ORDER_VOLUME_INITIAL),8));
   json.Text("volumeLeft",Plain(OrderDouble(ticket,history,ORDER_VOLUME_CURRENT),8));
   json.TextOrNull("price",PriceText(symbol,price));
   json.TextOrNull("stopLimitPrice",PriceText(symbol,OrderDouble(ticket,history,ORDER_PRICE_STOPLIMIT)));
   json.TextOrNull("sl",PriceText(symbol,OrderDouble(ticket,history,ORDER_SL)));
   json.TextOrNull("tp",PriceText(symbol,OrderDouble(ticket,history,ORDER_TP)));
   json.Ticket("magic",(ulong)OrderNumber(ticket,history,ORDER_MAGIC));
   json.TicketOrNull("position",(ulong)OrderNumber(ticket,history,ORDER_POSITION_ID));
   json.Number("setupBrokerMs",OrderNumber(ticket,history,ORDER_TIME_SETUP_MSC));
   if(done>0)
      json.Number("doneBrokerMs",done);
   else
      json.Null("doneBrokerMs");
   json.Close();
  }

// The position that is selected.
void WritePosition(JsonWriter &json,const string name)
  {
   string symbol=PositionGetString(POSITION_SYMBOL);
   json.Open(name);
   json.Ticket("ticket",(ulong)PositionGetInteger(POSITION_TICKET));
   json.Ticket("identifier",(ulong)PositionGetInteger(POSITION_IDENTIFIER));
   json.Text("symbol",symbol);
   json.Text("side",PositionGetInteger(POSITION_TYPE)==POSITION_TYPE_BUY ? "buy" : "sell");
   json.Text("volume",Plain(PositionGetDouble(POSITION_VOLUME),8));
   json.Text("openPrice",PriceText(symbol,PositionGetDouble(POSITION_PRICE_OPEN)));
   json.Text("currentPrice",PriceText(symbol,PositionGetDouble(POSITION_PRICE_CURRENT)));
   json.TextOrNull("sl",PriceText(symbol,PositionGetDouble(POSITION_SL)));
   json.TextOrNull("tp",PriceText(symbol,PositionGetDouble(POSITION_TP)));
   json.Text("swap",MoneyText(PositionGetDouble(POSITION_SWAP)));
   json.Text("profit",MoneyText(PositionGetDouble(POSITION_PROFIT)));
   json.Ticket("magic",(ulong)PositionGetInteger(POSITION_MAGIC));
   json.Number("openBrokerMs",PositionGetInteger(POSITION_TIME_MSC));
   json.Number("updateBrokerMs",PositionGetInteger(POSITION_TIME_UPDATE_MSC));
   json.Close();
  }

// What of the selected position changes only when somebody trades.
string PositionMark(void)
  {
   return(StringFormat("%s %s %s %s %I64d",Plain(PositionGetDouble(POSITION_VOLUME),8),
                       Plain(PositionGetDouble(POSITION_PRICE_OPEN),8),Plain(PositionGetDouble(POSITION_SL),8),
                       Plain(PositionGetDouble(POSITION_TP),8),PositionGetInteger(POSITION_TYPE)));
  }

string DealReasonText(const long reason)
  {
   switch((int)reason)
     {
      case DEAL_REASON_EXPERT:
         return("expert");
      case DEAL_REASON_CLIENT:
      case DEAL_REASON_MOBILE:
      case DEAL_REASON_WEB:
         return("person");
      case DEAL_REASON_SL:
         return("stop");
      case DEAL_REASON_TP:
         return("target");
      case DEAL_REASON_SO:
         return("stop-out");
      default:
         return("other");
     }
  }

string DealEntryText(const long entry)
  {
   switch((int)entry)
     {
      case DEAL_ENTRY_IN:
         return("in");
      case DEAL_ENTRY_OUT:
         return("out");
      case DEAL_ENTRY_INOUT:
         return("in-out");
      default:
         return("out-by");
     }
  }

// A deal of the history that is selected.
void WriteDeal(JsonWriter &json,const string name,const ulong ticket)
  {
   long type=HistoryDealGetInteger(ticket,DEAL_TYPE);
   bool trade=(type==DEAL_TYPE_BUY || type==DEAL_TYPE_SELL);
   string symbol=HistoryDealGetString(ticket,DEAL_SYMBOL);
   json.Open(name);
   json.Ticket("ticket",ticket);
   json.TicketOrNull("order",(ulong)HistoryDealGetInteger(ticket,DEAL_ORDER));
   json.TicketOrNull("position",(ulong)HistoryDealGetInteger(ticket,DEAL_POSITION_ID));
   json.TextOrNull("symbol",symbol);
   json.TextOrNull("side",trade ? (type==DEAL_TYPE_BUY ? "buy" : "sell") : "");
   json.Text("kind",trade ? "trade" : "other");
   json.TextOrNull("entry",trade ? DealEntryText(HistoryDealGetInteger(ticket,DEAL_ENTRY)) : "");
   json.Text("reason",DealReasonText(HistoryDealGetInteger(ticket,DEAL_REASON)));
   json.TextOrNull("volume",trade ? Plain(HistoryDealGetDouble(ticket,DEAL_VOLUME),8) : "");
   json.TextOrNull("price",trade ? PriceText(symbol,HistoryDealGetDouble(ticket,DEAL_PRICE)) : "");
   json.Text("profit",MoneyText(HistoryDealGetDouble(ticket,DEAL_PROFIT)));
   json.Text("commission",MoneyText(HistoryDealGetDouble(ticket,DEAL_COMMISSION)));
   json.Text("fee",MoneyText(HistoryDealGetDouble(ticket,DEAL_FEE)));
   json.Text("swap",MoneyText(HistoryDealGetDouble(ticket,DEAL_SWAP)));
   json.Ticket("magic",(ulong)HistoryDealGetInteger(ticket,DEAL_MAGIC));
   json.Number("brokerMs",HistoryDealGetInteger(ticket,DEAL_TIME_MSC));
   json.Close();
  }

bool TradeAllowed(void)
  {
   return(TerminalInfoInteger(TERMINAL_TRADE_ALLOWED)!=0 && MQLInfoInteger(MQL_TRADE_ALLOWED)!=0 &&
          AccountInfoInteger(ACCOUNT_TRADE_ALLOWED)!=0 && AccountInfoInteger(ACCOUNT_TRADE_EXPERT)!=0);
  }

void WriteFigures(JsonWriter &json,const string name)
  {
   double margin=AccountInfoDouble(ACCOUNT_MARGIN);
   json.Open(name);
   json.Text("balance",MoneyText(AccountInfoDouble(ACCOUNT_BALANCE)));
   json.Text("credit",MoneyText(AccountInfoDouble(ACCOUNT_CREDIT)));
   json.Text("equity",MoneyText(AccountInfoDouble(ACCOUNT_EQUITY)));
   json.Text("margin",MoneyText(margin));
   json.Text("marginFree",MoneyText(AccountInfoDouble(ACCOUNT_MARGIN_FREE)));
   json.TextOrNull("marginLevel",margin>0 ? Plain(AccountInfoDouble(ACCOUNT_MARGIN_LEVEL),4) : "");
   json.Text("profit",MoneyText(AccountInfoDouble(ACCOUNT_PROFIT)));
   json.Flag("tradeAllowed",TradeAllowed());
   json.Close();
  }

#endif
