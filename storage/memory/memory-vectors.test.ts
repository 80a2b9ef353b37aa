// Market states in memory keep the contract, which is measured against them.

import { describeVectors } from "../../test/contract/vectors.ts";
import { MemoryVectors } from "./vectors.ts";

const shared = new MemoryVectors();

describeVectors("memory", async () => await Promise.resolve(shared));
