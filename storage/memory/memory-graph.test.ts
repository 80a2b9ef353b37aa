// The graph in memory keeps the contract, which is measured against it.

import { describeGraph } from "../../test/contract/graph.ts";
import { MemoryGraph } from "./graph.ts";

const shared = new MemoryGraph();

describeGraph("memory", async () => await Promise.resolve(shared));
