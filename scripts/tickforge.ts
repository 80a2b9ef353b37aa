// `bun run tickforge <command>`: a command runs here, except that `start` has this process watch over one that trades. A process
// that only watches loads next to nothing.

import { keep } from "./commands/keep.ts";

const exitCode = await keep(process.argv.slice(2));
if (exitCode === undefined) await import("./command-line.ts");
else process.exit(exitCode);
