// Expected failures are values: a code a program can switch on, a message a person can act on.

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Failure<Code extends string> {
  readonly ok: false;
  readonly code: Code;
  /** What happened, to what, and what to do next. */
  readonly message: string;
  /** Whether trying again later, unchanged, can succeed. */
  readonly recoverable: boolean;
}

export type Result<T, Code extends string> = Ok<T> | Failure<Code>;

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

export function failure<Code extends string>(
  code: Code,
  message: string,
  options: { recoverable: boolean } = { recoverable: false },
): Failure<Code> {
  return { ok: false, code, message, recoverable: options.recoverable };
}
