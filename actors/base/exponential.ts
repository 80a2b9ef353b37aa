// Exponential decay and logarithmic returns from additions, multiplications, divisions and square roots alone. These
// are exact to the bit on every machine, which a math library's exp and log are not, and cost less than a call to one.

/** Up to this argument nine terms of the series give every bit of e^-x. */
const SERIES_MAX = 0.125;

/** e^-x is below the smallest double from here on. */
const DECAY_MAX = 746;

/**
 * e^-elapsed for elapsed >= 0 (time over its time constant): Taylor's series around 0, larger arguments halved first
 * and the result squared as often. Relative error below 4e-15 x max(1, elapsed): squaring doubles it.
 */
export function decayFactor(elapsed: number): number {
  if (elapsed > DECAY_MAX) return 0;
  let x = elapsed;
  let squarings = 0;
  while (x > SERIES_MAX) {
    x *= 0.5;
    squarings++;
  }
  const tail = 1 / 120 - x * (1 / 720 - x * (1 / 5_040 - x * (1 / 40_320 - x * (1 / 362_880))));
  let decay = 1 - x * (1 - x * (1 / 2 - x * (1 / 6 - x * (1 / 24 - x * tail))));
  for (; squarings > 0; squarings--) decay *= decay;
  return decay;
}

/** e^x for any x, with the error of {@link decayFactor}; Infinity beyond the largest double. */
export function exponential(x: number): number {
  return x <= 0 ? decayFactor(-x) : 1 / decayFactor(x);
}

/** Up to this argument five terms of the series give every bit of artanh. */
const ARTANH_MAX = 0.025;

/**
 * ln(numerator / denominator) for positive numbers; NaN otherwise. The difference enters before anything is rounded,
 * so that the return of a small move has all its digits: ln(a / b) = 2 artanh((a - b) / (a + b)). Ratios beyond 5 %
 * are brought near 1 by square roots.
 */
export function logRatio(numerator: number, denominator: number): number {
  const z = (numerator - denominator) / (numerator + denominator);
  if (z >= -ARTANH_MAX && z <= ARTANH_MAX) return 2 * artanh(z);
  let ratio = numerator / denominator;
  if (!(ratio > 0 && ratio < Infinity)) return Number.NaN;
  let scale = 2;
  while (ratio > 1 + 2 * ARTANH_MAX || ratio < 1 - 2 * ARTANH_MAX) {
    ratio = Math.sqrt(ratio);
    scale *= 2;
  }
  return scale * artanh((ratio - 1) / (ratio + 1));
}

function artanh(z: number): number {
  const square = z * z;
  return (
    z + z * square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square * (1 / 9 + square * (1 / 11)))))
  );
}
