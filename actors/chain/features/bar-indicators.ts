// Every indicator that reads 1-minute bars, side by side: asked on each tick with the forming bar, told when it closes.

import type { Archive } from "../../base/archive.ts";
import { FEATURE } from "../../domain/features.ts";
import { BollingerBands } from "./bollinger.ts";
import { CommodityChannel } from "./commodity-channel.ts";
import { AverageTrueRange, DirectionalMovement } from "./directional-movement.ts";
import type { FormingBar } from "./forming-bar.ts";
import { BASIS_POINTS } from "./limits.ts";
import { Macd } from "./macd.ts";
import { ExponentialAverage, SimpleAverage } from "./moving-averages.ts";
import { RollingRange } from "./rolling-range.ts";
import { RelativeStrength } from "./rsi.ts";
import { Stochastic } from "./stochastic.ts";

export class BarIndicators {
  readonly #strength = new RelativeStrength(14);
  readonly #macd = new Macd({ fast: 12, slow: 26, signal: 9 });
  readonly #bollinger = new BollingerBands({ period: 20, deviations: 2 });
  readonly #range = new AverageTrueRange(14);
  readonly #movement = new DirectionalMovement(14);
  readonly #stochastic = new Stochastic(14);
  readonly #channel = new CommodityChannel(20);
  readonly #simple20 = new SimpleAverage(20);
  readonly #simple100 = new SimpleAverage(100);
  readonly #exponential9 = new ExponentialAverage(9);
  readonly #exponential21 = new ExponentialAverage(21);
  readonly #exponential50 = new ExponentialAverage(50);
  readonly #exponential200 = new ExponentialAverage(200);
  readonly #donchian = new RollingRange(20);

  /** Writes what the indicators say with `bar` as the newest. */
  peek(bar: FormingBar, vector: Float64Array): void {
    const { close } = bar;
    const scale = BASIS_POINTS / close;
    vector[FEATURE.rsi_14] = this.#strength.peek(close);
    const macd = this.#macd;
    macd.peek(close);
    vector[FEATURE.macd_line] = macd.line * scale;
    vector[FEATURE.macd_signal] = macd.signal * scale;
    vector[FEATURE.macd_histogram] = macd.histogram * scale;
    const bollinger = this.#bollinger;
    bollinger.peek(close);
    vector[FEATURE.bollinger_percent_b] = bollinger.percentB;
    vector[FEATURE.bollinger_width] = bollinger.width * BASIS_POINTS;
    vector[FEATURE.atr_14] = this.#range.peek(bar) * scale;
    const movement = this.#movement;
    movement.peek(bar);
    vector[FEATURE.adx_14] = movement.averageIndex;
    vector[FEATURE.plus_di_14] = movement.plusIndicator;
    vector[FEATURE.minus_di_14] = movement.minusIndicator;
    const stochastic = this.#stochastic;
    stochastic.peek(bar);
    vector[FEATURE.stochastic_k] = stochastic.k;
    vector[FEATURE.stochastic_d] = stochastic.d;
    vector[FEATURE.cci_20] = this.#channel.peek(bar);
    vector[FEATURE.sma_20_distance] = (close - this.#simple20.peek(close)) * scale;
    vector[FEATURE.sma_100_distance] = (close - this.#simple100.peek(close)) * scale;
    vector[FEATURE.ema_9_distance] = (close - this.#exponential9.peek(close)) * scale;
    vector[FEATURE.ema_21_distance] = (close - this.#exponential21.peek(close)) * scale;
    vector[FEATURE.ema_50_distance] = (close - this.#exponential50.peek(close)) * scale;
    vector[FEATURE.ema_200_distance] = (close - this.#exponential200.peek(close)) * scale;
    vector[FEATURE.donchian_position] = this.#channelPosition(close);
  }

  /** A bar closed: it is part of the past from now on. */
  update(bar: FormingBar): void {
    const { close } = bar;
    this.#strength.update(close);
    this.#macd.update(close);
    this.#bollinger.update(close);
    this.#range.update(bar);
    this.#movement.update(bar);
    this.#stochastic.update(bar);
    this.#channel.update(bar);
    this.#simple20.update(close);
    this.#simple100.update(close);
    this.#exponential9.update(close);
    this.#exponential21.update(close);
    this.#exponential50.update(close);
    this.#exponential200.update(close);
    this.#donchian.update(bar);
  }

  persist(archive: Archive): void {
    this.#strength.persist(archive);
    this.#macd.persist(archive);
    this.#bollinger.persist(archive);
    this.#range.persist(archive);
    this.#movement.persist(archive);
    this.#stochastic.persist(archive);
    this.#channel.persist(archive);
    this.#simple20.persist(archive);
    this.#simple100.persist(archive);
    this.#exponential9.persist(archive);
    this.#exponential21.persist(archive);
    this.#exponential50.persist(archive);
    this.#exponential200.persist(archive);
    this.#donchian.persist(archive);
  }

  /** Without a range the position is half, and beyond it a point counts as the range. */
  #channelPosition(close: number): number {
    const { high, low } = this.#donchian;
    if (high === low) return 0.5 + (close - low);
    return (close - low) / (high - low);
  }
}
