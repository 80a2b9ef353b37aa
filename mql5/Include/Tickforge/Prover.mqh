// What became of an intent, from what the broker's books show. Proof only: where they show nothing, nothing is concluded.

#ifndef TICKFORGE_PROVER
#define TICKFORGE_PROVER

#include <Tickforge/Intents.mqh>
#include <Tickforge/Limits.mqh>
#include <Tickforge/Retcodes.mqh>

struct Proof
  {
   bool              found;
   ExecutionClass    meaning;
   IntentState       state;
   ulong             order;
   ulong             deal;
   double            filled;
   // Average over the deals.
   double            price;
  };

void Conclude(Proof &proof,const ExecutionClass meaning,const IntentState state)
  {
   proof.found=true;
   proof.meaning=meaning;
   proof.state=state;
  }

// Deals of the history that carry the number.
void SumDeals(const ulong magic,Proof &proof)
  {
   double worth=0;
   int count=HistoryDealsTotal();
   for(int i=0; i<count; i++)
     {
      ulong ticket=HistoryDealGetTicket(i);
      if(ticket==0 || (ulong)HistoryDealGetInteger(ticket,DEAL_MAGIC)!=magic)
         continue;
      double volume=HistoryDealGetDouble(ticket,DEAL_VOLUME);
      proof.filled+=volume;
      worth+=volume*HistoryDealGetDouble(ticket,DEAL_PRICE);
      proof.deal=ticket;
      proof.order=(ulong)HistoryDealGetInteger(ticket,DEAL_ORDER);
     }
   if(proof.filled>0)
      proof.price=worth/proof.filled;
  }

ulong LiveOrderOf(const ulong magic)
  {
   for(int i=OrdersTotal()-1; i>=0; i--)
     {
      ulong ticket=OrderGetTicket(i);
      if(ticket!=0 && (ulong)OrderGetInteger(ORDER_MAGIC)==magic)
         return(ticket);
     }
   return(0);
  }

void ProveByMagic(const Intent &intent,Proof &proof)
  {
   SumDeals(intent.magic,proof);
   ulong live=LiveOrderOf(intent.magic);
   if(live!=0)
     {
      proof.order=live;
      Conclude(proof,proof.filled>0 ? EXECUTION_PARTIAL : EXECUTION_PLACED,INTENT_WORKING);
      return;
     }
   bool filled=false;
   ulong ended=0;
   int count=HistoryOrdersTotal();
   for(int i=0; i<count; i++)
     {
      ulong ticket=HistoryOrderGetTicket(i);
      if(ticket==0 || (ulong)HistoryOrderGetInteger(ticket,ORDER_MAGIC)!=intent.magic)
         continue;
      ended=ticket;
      filled=(filled || HistoryOrderGetInteger(ticket,ORDER_STATE)==ORDER_STATE_FILLED);
     }
   if(proof.order==0)
      proof.order=ended;
   if(filled)
      Conclude(proof,EXECUTION_DONE,INTENT_DONE);
   else
      if(proof.filled>0)
         Conclude(proof,EXECUTION_PARTIAL,INTENT_DONE);
      else
         if(ended!=0)
            Conclude(proof,EXECUTION_REJECTED,INTENT_REJECTED);
  }

bool SameLevel(const double a,const double b)
  {
   return(MathAbs(a-b)<1e-8);
  }

void ProveModify(const Intent &intent,Proof &proof)
  {
   bool there=(intent.ofPosition ? PositionSelectByTicket(intent.target) : OrderSelect(intent.target));
   if(!there)
     {
      Conclude(proof,EXECUTION_REJECTED,INTENT_REJECTED);
      return;
     }
   double sl=(intent.ofPosition ? PositionGetDouble(POSITION_SL) : OrderGetDouble(ORDER_SL));
   double tp=(intent.ofPosition ? PositionGetDouble(POSITION_TP) : OrderGetDouble(ORDER_TP));
   bool priced=(intent.ofPosition || SameLevel(OrderGetDouble(ORDER_PRICE_OPEN),intent.price));
   if(priced && SameLevel(sl,intent.sl) && SameLevel(tp,intent.tp))
      Conclude(proof,EXECUTION_DONE,INTENT_DONE);
  }

void ProveCancel(const Intent &intent,Proof &proof)
  {
   if(OrderSelect(intent.target) || !HistoryOrderSelect(intent.target))
      return;
   proof.order=intent.target;
   if(HistoryOrderGetInteger(intent.target,ORDER_STATE)==ORDER_STATE_CANCELED)
      Conclude(proof,EXECUTION_DONE,INTENT_DONE);
   else
      Conclude(proof,EXECUTION_REJECTED,INTENT_REJECTED);
  }

void Prove(const Intent &intent,Proof &proof)
  {
   ZeroMemory(proof);
   long from=(intent.brokerSeconds>DEAL_OVERLAP_SECONDS ? intent.brokerSeconds-DEAL_OVERLAP_SECONDS : 0);
   if(!HistorySelect((datetime)from,(datetime)FAR_FUTURE))
      return;
   if(intent.command=="modify")
      ProveModify(intent,proof);
   else
      if(intent.command=="cancel")
         ProveCancel(intent,proof);
      else
         ProveByMagic(intent,proof);
  }

#endif
