// The wave-function view of a price: a free Gaussian packet in log price. Its group velocity is the momentum the market
// has shown lately, its width grows with the volatility it has shown lately, and the mass of |psi|^2 above the current
// price is the probability of an up move. No physics is claimed: this is the documented, testable form of the idea.

import type { Archive } from "../base/archive.ts";
import { MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { cheapDecay, normalCdf } from "../base/normal.ts";

/** How far ahead the packet is looked at. */
export const WAVE_HORIZON_SECONDS = 60;

/** Memory of momentum. */
const MOMENTUM_SECONDS = 60;
/** Memory of the variance that spreads the packet. */
const VARIANCE_SECONDS = 300;
/** The packet's width now is the spread of price over this long: it is not known better. */
const POSITION_SECONDS = 5;
/** Share of the shown momentum that is expected to last over the horizon. */
const PERSISTENCE = 0.5;

const WARM_TICKS = 30;
const WARM_SECONDS = 60;
const BASIS_POINTS = 10_000;

/**
 * With momentum v and variance rate V (per second, of log price): centre x0 + p v h, variance
 * sigma(h)^2 = sigma0^2 + (D h / 2 sigma0)^2, sigma0^2 = V s. The diffusion D = hbar/m is chosen so that the packet
 * spreads over h as price does, (D h / 2 sigma0)^2 = V h. Hence P(up) = Phi(p v h / sqrt(V (s + h))).
 */
export class WavePacket {
  #midPoints = Number.NaN;
  #timeMicros: Micros = 0;
  #startMicros: Micros = 0;
  #ticks = 0;
  /** Decayed sum of returns; divided by its memory it is a velocity. */
  #drift = 0;
  /** Decayed sum of squared returns; divided by its memory it is a variance rate. */
  #energy = 0;
  #probabilityUp = Number.NaN;
  #momentum = Number.NaN;
  #dispersion = Number.NaN;

  /** Mass of |psi|^2 above the current price at the horizon, in (0, 1); NaN until 30 quotes over a minute were seen. */
  get probabilityUp(): number {
    return this.#probabilityUp;
  }

  /** Group velocity in basis points per minute. */
  get momentum(): number {
    return this.#momentum;
  }

  /** Width (standard deviation) of the packet at the horizon in basis points. */
  get dispersion(): number {
    return this.#dispersion;
  }

  update(midPoints: number, timeMicros: Micros): void {
    if (Number.isNaN(this.#midPoints)) {
      this.#midPoints = midPoints;
      this.#timeMicros = timeMicros;
      this.#startMicros = timeMicros;
      return;
    }
    const seconds = Math.max(0, timeMicros - this.#timeMicros) / MICROS_PER_SECOND;
    // Equals the log return to third order, which a tick never leaves.
    const change = (2 * (midPoints - this.#midPoints)) / (midPoints + this.#midPoints);
    this.#drift = this.#drift * cheapDecay(seconds / MOMENTUM_SECONDS) + change;
    this.#energy = this.#energy * cheapDecay(seconds / VARIANCE_SECONDS) + change * change;
    this.#midPoints = midPoints;
    this.#timeMicros = timeMicros;
    this.#ticks++;
    if (this.#ticks < WARM_TICKS || timeMicros - this.#startMicros < WARM_SECONDS * MICROS_PER_SECOND) return;
    this.#project();
  }

  persist(archive: Archive): void {
    this.#midPoints = archive.number(this.#midPoints);
    this.#timeMicros = archive.number(this.#timeMicros);
    this.#startMicros = archive.number(this.#startMicros);
    this.#ticks = archive.number(this.#ticks);
    this.#drift = archive.number(this.#drift);
    this.#energy = archive.number(this.#energy);
    this.#probabilityUp = archive.number(this.#probabilityUp);
    this.#momentum = archive.number(this.#momentum);
    this.#dispersion = archive.number(this.#dispersion);
  }

  #project(): void {
    const velocity = this.#drift / MOMENTUM_SECONDS;
    const width = Math.sqrt((this.#energy / VARIANCE_SECONDS) * (POSITION_SECONDS + WAVE_HORIZON_SECONDS));
    this.#momentum = velocity * 60 * BASIS_POINTS;
    this.#dispersion = width * BASIS_POINTS;
    // A price that has not moved at all has a packet without width: it goes nowhere.
    this.#probabilityUp =
      width > 0 ? normalCdf((PERSISTENCE * velocity * WAVE_HORIZON_SECONDS) / width) : 0.5;
  }
}
