// A cheap forgetting and the normal distribution: approximations from arithmetic alone, the same bits on every machine.

/**
 * A stand-in for e^-x, x >= 0: the reciprocal of its third-order series. It is positive, falls monotonically, is exact at
 * 0 and within 0.4 % of e^-x up to x = 0.6; beyond that it forgets a little more slowly. For weights that
 * only have to fall; where e^-x itself is meant, take decayFactor.
 */
export function cheapDecay(x: number): number {
  return 1 / (1 + x * (1 + x * (0.5 + x * (1 / 6))));
}

/** Beyond this many deviations nothing becomes surer: a probability of 0 or 1 would be a promise. */
const DEVIATIONS_MAX = 5;

/**
 * Standard normal distribution function, in (0, 1): Hastings' polynomial (Abramowitz and Stegun 26.2.19) within 1.5e-7,
 * held from {@link DEVIATIONS_MAX} on, where that loses less than 3e-7. Arithmetic alone: the same bits on every machine.
 */
export function normalCdf(z: number): number {
  const x = Math.min(Math.abs(z), DEVIATIONS_MAX);
  let power =
    1 +
    x *
      (0.049867347 +
        x * (0.0211410061 + x * (0.0032776263 + x * (0.0000380036 + x * (0.0000488906 + x * 0.000005383)))));
  power *= power;
  power *= power;
  power *= power;
  power *= power;
  const tail = 0.5 / power;
  return z > 0 ? 1 - tail : tail;
}
