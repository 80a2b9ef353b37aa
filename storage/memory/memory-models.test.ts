// The registry of models in memory keeps the contract, which is measured against it.

import { describeModels } from "../../test/contract/models.ts";
import { MemoryModels } from "./models.ts";

const shared = new MemoryModels();

describeModels("memory", () => shared);
