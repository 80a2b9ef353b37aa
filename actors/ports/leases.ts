// Leases: who does a piece of work for now. They only save work being done twice: a holder that slept through its end does
// not know, and a store that came back may have forgotten. What must not happen twice is fenced by the ledger's epochs.

export interface Lease {
  readonly name: string;
  readonly holder: string;
  /** Known to its holder alone, new with each acquisition. */
  readonly token: string;
}

/** Throws HotStateUnavailable where the store cannot be reached: then nothing is known about any lease. */
export interface Leases {
  /** Undefined while another lease on `name` lasts, of the same holder too. */
  acquire(name: string, holder: string, ttlMillis: number): Promise<Lease | undefined>;
  /** Makes it last `ttlMillis` from now; false when it is over, whether or not somebody else has it. */
  renew(lease: Lease, ttlMillis: number): Promise<boolean>;
  /** False when it was over already. */
  release(lease: Lease): Promise<boolean>;
  holderOf(name: string): Promise<string | undefined>;
}
