// Rows of features as an Arrow file: columns as training reads them, prices in eight bytes, features in the four that models see.

import { createWriteStream, type WriteStream } from "node:fs";
import {
  Field,
  Float32,
  Float64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
} from "apache-arrow";
import type { Micros } from "../actors/base/clock.ts";
import { FEATURE_COUNT, FEATURE_NAMES } from "../actors/domain/features.ts";

/** Rows of one record batch: what is in memory of a file at most. */
const BATCH_ROWS = 65_536;

export class FeatureFile {
  readonly #schema: Schema;
  readonly #prices: number;
  readonly #writer = new RecordBatchFileWriter();
  readonly #stream: WriteStream;
  readonly #piping: Promise<void>;
  #times = new BigInt64Array(BATCH_ROWS);
  /** By column. */
  #columns: (Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer>)[];
  #length = 0;
  #rows = 0;

  /**
   * @param priceNames columns of eight bytes before the features
   * @param metadata of the file, for whoever reads it
   */
  constructor(path: string, priceNames: readonly string[], metadata: Readonly<Record<string, string>>) {
    this.#prices = priceNames.length;
    this.#schema = new Schema(
      [
        new Field("time", new TimestampMicrosecond("UTC"), false),
        ...priceNames.map((name) => new Field(name, new Float64(), false)),
        ...FEATURE_NAMES.map((name) => new Field(name, new Float32(), false)),
      ],
      new Map(Object.entries(metadata)),
    );
    this.#columns = this.#empty();
    this.#stream = createWriteStream(path);
    this.#piping = this.#pipe();
  }

  get rows(): number {
    return this.#rows;
  }

  /** Whether rows should wait until the disk has taken what there is: see {@link drained}. */
  get full(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** @param features in the order of FEATURE_NAMES; copied */
  add(timeMicros: Micros, prices: readonly number[], features: Float64Array): void {
    const row = this.#length++;
    this.#rows++;
    this.#times[row] = BigInt(Math.round(timeMicros));
    for (let i = 0; i < this.#prices; i++) (this.#columns[i] as Float64Array)[row] = prices[i] as number;
    for (let i = 0; i < FEATURE_COUNT; i++) {
      (this.#columns[this.#prices + i] as Float32Array)[row] = features[i] as number;
    }
    if (this.#length === BATCH_ROWS) this.#writeBatch();
  }

  /** Gives the disk its turn. */
  async drained(): Promise<void> {
    if (!this.#stream.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      this.#stream.once("drain", resolve);
    });
  }

  /** Throws what the disk refused. */
  async close(): Promise<void> {
    if (this.#length > 0 || this.#rows === 0) this.#writeBatch();
    this.#writer.finish();
    await this.#piping;
  }

  #empty(): (Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer>)[] {
    return [
      ...Array.from({ length: this.#prices }, () => new Float64Array(BATCH_ROWS)),
      ...Array.from({ length: FEATURE_COUNT }, () => new Float32Array(BATCH_ROWS)),
    ];
  }

  #writeBatch(): void {
    const length = this.#length;
    const { fields } = this.#schema;
    const children = [
      makeData({ type: new TimestampMicrosecond("UTC"), length, data: this.#times.subarray(0, length) }),
      ...this.#columns.map((column) =>
        column instanceof Float64Array
          ? makeData({ type: new Float64(), length, data: column.subarray(0, length) })
          : makeData({ type: new Float32(), length, data: column.subarray(0, length) }),
      ),
    ];
    const data = makeData({ type: new Struct(fields), length, nullCount: 0, children });
    this.#writer.write(new RecordBatch(this.#schema, data));
    // The writer may hold on to what it was given.
    this.#times = new BigInt64Array(BATCH_ROWS);
    this.#columns = this.#empty();
    this.#length = 0;
  }

  async #pipe(): Promise<void> {
    const failed = Promise.withResolvers<never>();
    this.#stream.once("error", failed.reject);
    const done = (async () => {
      for await (const chunk of this.#writer) this.#stream.write(chunk);
      await new Promise<void>((resolve) => {
        this.#stream.end(() => resolve());
      });
    })();
    await Promise.race([done, failed.promise]);
  }
}
