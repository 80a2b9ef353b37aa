// The stores beside a ledger of a deployment that is one process: the simplest ones, which those in SQL are compared with.

import { describeAuditHeads } from "../../test/contract/audit-heads.ts";
import { describeIdentities, TENANT_IDS } from "../../test/contract/identities.ts";
import { describeKillSwitches } from "../../test/contract/kill-switch-store.ts";
import type { Fenced } from "../../test/contract/fenced.ts";
import { describeRegistry } from "../../test/contract/registry.ts";
import { describeSourceCursors } from "../../test/contract/source-cursors.ts";
import { MemoryAuditHeads } from "./audit-heads.ts";
import { MemoryEpochs } from "./epochs.ts";
import { MemoryIdentities } from "./identities.ts";
import { MemoryKillSwitchStore } from "./kill-switch-store.ts";
import { MemoryRegistry } from "./registry.ts";
import { MemorySourceCursors } from "./source-cursors.ts";

function fenced<Store>(make: (epochs: MemoryEpochs) => Store): () => Promise<Fenced<Store>> {
  return () => {
    const epochs = new MemoryEpochs();
    const store = make(epochs);
    return Promise.resolve({ store, other: store, epochs });
  };
}

describeRegistry(
  "memory",
  fenced((epochs) => new MemoryRegistry(epochs)),
);
describeKillSwitches(
  "memory",
  fenced((epochs) => new MemoryKillSwitchStore(epochs)),
);
describeSourceCursors(
  "memory",
  fenced((epochs) => new MemorySourceCursors(epochs)),
);
describeIdentities(
  "memory",
  fenced(() => new MemoryIdentities((tenantId) => TENANT_IDS.includes(tenantId))),
);
describeAuditHeads(
  "memory",
  fenced(() => new MemoryAuditHeads()),
);
