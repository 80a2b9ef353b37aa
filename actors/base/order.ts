// One order of text everywhere: by code units, whatever language a database or a machine is set to.

/** Compares by a text of each value. */
export function byText<T>(textOf: (value: T) => string): (left: T, right: T) => number {
  return (left, right) => {
    const [a, b] = [textOf(left), textOf(right)];
    if (a === b) return 0;
    return a < b ? -1 : 1;
  };
}
