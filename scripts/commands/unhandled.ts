// A promise that somebody's client let fall ends a process by default. Actors make none, and what must not be lost is in the journal:
// a person hears of it, and trading goes on.

/** Different errors that are told; after that they are the same few over and over. */
const TOLD_MAX = 100;

/** Each error once. What is thrown, and not a promise, still ends the process. */
export function tellUnhandled(tell: (message: string) => void): void {
  const told = new Set<string>();
  process.on("unhandledRejection", (reason) => {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    if (told.has(text) || told.size === TOLD_MAX) return;
    told.add(text);
    tell(`nobody handled an error; trading goes on, please report it: ${text}`);
  });
}
