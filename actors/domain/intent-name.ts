// Names of intents, and the magic numbers that their orders carry at a broker. Either is made of the other, so nothing has to be stored
// to tell whose an order is.

/** Of a data folder's tag: with the counter below, a magic number stays under 2^62. */
export const INTENT_TAG_MAX = 2 ** 21 - 1;

const COUNTER_BITS = 40n;
const COUNTER_MASK = (1n << COUNTER_BITS) - 1n;
const TAGGED = /-t([0-9a-z]{1,5})-(\d{9,})$/;

/** Account, the data folder's tag where it trades at a terminal, and a counter: unique, ordered, deterministic. */
export function nameIntent(accountId: string, counter: number, tag?: number): string {
  const number = String(counter).padStart(9, "0");
  return tag === undefined ? `${accountId}-${number}` : `${accountId}-t${tag.toString(36)}-${number}`;
}

/** An intent's place among all of its account's, from 1; undefined for a name without a tag. */
export function counterOfIntent(intentId: string): number | undefined {
  const counter = TAGGED.exec(intentId)?.[2];
  return counter === undefined ? undefined : Number(counter);
}

/** The magic number of an intent's orders, in decimal; undefined for a name without a tag. */
export function magicOfIntent(intentId: string): string | undefined {
  const found = TAGGED.exec(intentId);
  if (found === null) return undefined;
  const [, tag = "", counter = ""] = found;
  return String((BigInt(Number.parseInt(tag, 36)) << COUNTER_BITS) | BigInt(counter));
}

/** Whose order carries `magic`; undefined for one that no intent of this account and folder has. */
export function intentOfMagic(magic: string, accountId: string, tag: number): string | undefined {
  const value = BigInt(magic);
  const counter = value & COUNTER_MASK;
  if (value >> COUNTER_BITS !== BigInt(tag) || counter === 0n) return undefined;
  return nameIntent(accountId, Number(counter), tag);
}
