// Assertions mark bugs, never expected failures. A failed assertion crashes the actor that made it and its
// supervisor decides what happens next.

/** Thrown by {@link assert}: the program is wrong, not its input. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Crashes the running actor with `message` unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
