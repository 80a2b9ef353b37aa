// The checksum against the vectors of RFC 3720 and a bit-by-bit computation: the journal trusts it with every record.

import { expect, test } from "bun:test";
import { assert, nat, property, uint8Array } from "fast-check";
import { crc32c } from "./crc32c.ts";

// RFC 3720, appendix B.4; the last is the check value of the CRC catalogues.
const VECTORS: readonly [string, Uint8Array, number][] = [
  ["32 bytes of zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 bytes rising", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["32 bytes falling", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
];

test.each(VECTORS)("%s", (_name, bytes, expected) => {
  expect(crc32c(bytes, 0, bytes.length)).toBe(expected);
});

function bitwise(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0x82f63b78 & -(crc & 1));
  }
  return ~crc >>> 0;
}

test("any part of any bytes sums as bit by bit", () => {
  assert(
    property(uint8Array({ maxLength: 100 }), nat(100), nat(100), (bytes, a, b) => {
      const start = Math.min(a, b, bytes.length);
      const end = Math.min(Math.max(a, b), bytes.length);
      expect(crc32c(bytes, start, end)).toBe(bitwise(bytes.subarray(start, end)));
    }),
  );
});
