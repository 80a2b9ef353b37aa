// A second process that takes a data folder, says so and keeps it until it is killed.

import { lockDataFolder } from "./data-lock.ts";

function take(directory: string): boolean {
  const lock = lockDataFolder(directory);
  process.stdout.write(lock.ok ? "locked\n" : `${lock.code}\n`);
  return lock.ok;
}

const isLocked = take(process.argv[2] ?? "");
// A request on the input answers after everything that nobody refers to was collected.
process.stdin.on("data", () => {
  Bun.gc(true);
  setImmediate(() => {
    Bun.gc(true);
    process.stdout.write("collected\n");
  });
});
if (!isLocked) process.stdin.pause();
