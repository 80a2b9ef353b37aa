// Text of strangers, made harmless to look at and bounded: news on its way to an adviser, reasons on their way to a person.

/** Controls, escapes and invisible marks (which turn text around or hide in it), lone surrogates, private and unassigned. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]+/gu;

/** One line of visible characters, at most `charactersMax` units of UTF-16. */
export function plainText(text: string, charactersMax: number): string {
  const line = text
    // A bound before any work on it: what is cut off here would be cut off below.
    .slice(0, 4 * charactersMax)
    .replace(UNSEEN, " ")
    .replace(/\s+/g, " ")
    .trim();
  return line.slice(0, charactersMax).toWellFormed();
}
