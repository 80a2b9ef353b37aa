// Starts an engine in the folder it is given, says the engine's process id, and waits to be killed.

import { mkdirSync } from "node:fs";
import { startEngine } from "./engine.ts";

const directory = process.argv[2] ?? "";
mkdirSync(directory, { recursive: true });
const engine = await startEngine({ directory, database: "tickforge", onProblem: () => undefined });
process.stdout.write(`${engine.ok ? (engine.value.processId ?? 0) : 0}\n`);
