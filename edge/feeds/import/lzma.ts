// LZMA, as Dukascopy packs its files. The library ships its own TypeScript, which is not written to this project's compiler
// settings, so it is reached past the compiler and typed here.

import { createRequire } from "node:module";
import { failure, ok, type Result } from "../../../actors/base/result.ts";

const { decompress } = createRequire(import.meta.url)("lzma1") as {
  decompress: (packed: Uint8Array) => Uint8Array | Int8Array;
};

/** An hour of ticks unpacks to a few hundred kilobytes. */
const UNPACKED_BYTES_MAX = 64 << 20;
/** Properties, dictionary size, then the unpacked size in 8 bytes. */
const HEADER_BYTES = 13;

export function unpackLzma(packed: Uint8Array): Result<Uint8Array, "lzma-damaged"> {
  if (packed.length < HEADER_BYTES) return damaged("it is shorter than its header");
  const announced = new DataView(packed.buffer, packed.byteOffset).getBigUint64(5, true);
  const isOpen = announced === 0xffff_ffff_ffff_ffffn;
  if (!isOpen && announced > UNPACKED_BYTES_MAX) return damaged(`it announces ${announced} bytes`);
  try {
    const content = decompress(packed);
    if (!isOpen && BigInt(content.length) !== announced) return damaged("it ends too early");
    return ok(new Uint8Array(content.buffer, content.byteOffset, content.length));
  } catch (error) {
    return damaged(error instanceof Error ? error.message : String(error));
  }
}

function damaged(detail: string): Result<never, "lzma-damaged"> {
  return failure("lzma-damaged", `the file does not unpack (${detail}). Download it again.`);
}
