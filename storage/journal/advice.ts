// What to tell a person when the disk under the journal fails.

/** Says what happened to the journal and what to do about it. */
export function adviceFor(error: unknown, place: string): string {
  const reason = error instanceof Error ? error.message : String(error);
  const full = /ENOSPC|EDQUOT|EFBIG/.test(reason);
  const advice = full
    ? `The disk of ${place} is full: free some space there, then start again.`
    : `Check the disk of ${place} and its kernel log, then start again.`;
  return `the journal could not be written: ${reason}. Nothing since the last acknowledgement is safe. ${advice}`;
}
