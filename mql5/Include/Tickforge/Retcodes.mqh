// What a trade server's return code means for an intent. A code that is not listed is UNKNOWN: nothing is assumed to have failed.

#ifndef TICKFORGE_RETCODES
#define TICKFORGE_RETCODES

enum ExecutionClass
  {
   EXECUTION_DONE,
   EXECUTION_PLACED,
   EXECUTION_PARTIAL,
   EXECUTION_REPRICED,
   EXECUTION_UNKNOWN,
   EXECUTION_THROTTLED,
   EXECUTION_NO_CHANGE,
   EXECUTION_FROZEN,
   EXECUTION_FILLING,
   EXECUTION_DISABLED,
   EXECUTION_REJECTED
  };

ExecutionClass ClassOf(const uint retcode)
  {
   switch(retcode)
     {
      case TRADE_RETCODE_DONE:
         return(EXECUTION_DONE);
      case TRADE_RETCODE_PLACED:
         return(EXECUTION_PLACED);
      case TRADE_RETCODE_DONE_PARTIAL:
         return(EXECUTION_PARTIAL);
      case TRADE_RETCODE_REQUOTE:
      case TRADE_RETCODE_PRICE_CHANGED:
      case TRADE_RETCODE_PRICE_OFF:
         return(EXECUTION_REPRICED);
      case TRADE_RETCODE_TOO_MANY_REQUESTS:
         return(EXECUTION_THROTTLED);
      case TRADE_RETCODE_NO_CHANGES:
         return(EXECUTION_NO_CHANGE);
      case TRADE_RETCODE_FROZEN:
         return(EXECUTION_FROZEN);
      case TRADE_RETCODE_INVALID_FILL:
         return(EXECUTION_FILLING);
      case TRADE_RETCODE_TRADE_DISABLED:
      case TRADE_RETCODE_MARKET_CLOSED:
      case TRADE_RETCODE_SERVER_DISABLES_AT:
      case TRADE_RETCODE_CLIENT_DISABLES_AT:
         return(EXECUTION_DISABLED);
      case TRADE_RETCODE_REJECT:
      case TRADE_RETCODE_CANCEL:
      case TRADE_RETCODE_INVALID:
      case TRADE_RETCODE_INVALID_VOLUME:
      case TRADE_RETCODE_INVALID_PRICE:
      case TRADE_RETCODE_INVALID_STOPS:
      case TRADE_RETCODE_NO_MONEY:
      case TRADE_RETCODE_INVALID_EXPIRATION:
      case TRADE_RETCODE_ONLY_REAL:
      case TRADE_RETCODE_LIMIT_ORDERS:
      case TRADE_RETCODE_LIMIT_VOLUME:
      case TRADE_RETCODE_INVALID_ORDER:
      case TRADE_RETCODE_POSITION_CLOSED:
      case TRADE_RETCODE_INVALID_CLOSE_VOLUME:
      case TRADE_RETCODE_CLOSE_ORDER_EXIST:
      case TRADE_RETCODE_LIMIT_POSITIONS:
      case TRADE_RETCODE_REJECT_CANCEL:
      case TRADE_RETCODE_LONG_ONLY:
      case TRADE_RETCODE_SHORT_ONLY:
      case TRADE_RETCODE_CLOSE_ONLY:
      case TRADE_RETCODE_FIFO_CLOSE:
      case TRADE_RETCODE_HEDGE_PROHIBITED:
         return(EXECUTION_REJECTED);
      default:
         // 10011 error, 10012 timeout, 10028 locked, 10031 no connection, 10023 changed meanwhile, 0 none at all.
         return(EXECUTION_UNKNOWN);
     }
  }

string ClassText(const ExecutionClass meaning)
  {
   switch(meaning)
     {
      case EXECUTION_DONE:
         return("done");
      case EXECUTION_PLACED:
         return("placed");
      case EXECUTION_PARTIAL:
         return("partial");
      case EXECUTION_REPRICED:
         return("repriced");
      case EXECUTION_THROTTLED:
         return("throttled");
      case EXECUTION_NO_CHANGE:
         return("no-change");
      case EXECUTION_FROZEN:
         return("frozen");
      case EXECUTION_FILLING:
         return("filling");
      case EXECUTION_DISABLED:
         return("disabled");
      case EXECUTION_REJECTED:
         return("rejected");
      default:
         return("unknown");
     }
  }

#endif
