// Zip files for tests, written independently of the reader: plain, stored, zip64 as Lean's own writer does it, damaged.

import { crc32, deflateRawSync } from "node:zlib";

export interface ZipOptions {
  /** Sizes in zip64 extra fields, as in Lean's files. */
  readonly zip64?: boolean;
  readonly stored?: boolean;
  readonly encrypted?: boolean;
  readonly method?: number;
  readonly comment?: string;
  readonly checksum?: number;
  readonly announcedBytes?: number;
}

export interface ZipContent {
  readonly name: string;
  readonly content: string;
}

export function makeZip(contents: readonly ZipContent[], options: ZipOptions = {}): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of contents) {
    const raw = Buffer.from(content);
    const data = options.stored === true ? raw : deflateRawSync(raw);
    const sizes = { packed: data.length, raw: options.announcedBytes ?? raw.length };
    const common = commonFields({ raw, sizes, options });
    const extra = options.zip64 === true ? zip64Extra(sizes) : Buffer.alloc(0);
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(name.length, 0);
    lengths.writeUInt16LE(extra.length, 2);
    const local = Buffer.concat([bytes32(0x04034b50), common, lengths, Buffer.from(name), extra, data]);
    const trailer = Buffer.alloc(14);
    trailer.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([
        bytes32(0x02014b50),
        Buffer.from([45, 0]),
        common,
        lengths,
        trailer,
        Buffer.from(name),
        extra,
      ]),
    );
    parts.push(local);
    offset += local.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const comment = Buffer.from(options.comment ?? "");
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(contents.length, 8);
  end.writeUInt16LE(contents.length, 10);
  end.writeUInt32LE(directoryBytes.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return new Uint8Array(Buffer.concat([...parts, directoryBytes, end, comment]));
}

/** Version, flags, method, time, checksum and sizes: the same in both headers. */
function commonFields(entry: {
  raw: Buffer;
  sizes: { packed: number; raw: number };
  options: ZipOptions;
}): Buffer {
  const { raw, sizes, options } = entry;
  const fields = Buffer.alloc(22);
  fields.writeUInt16LE(45, 0);
  fields.writeUInt16LE(options.encrypted === true ? 1 : 0, 2);
  fields.writeUInt16LE(options.method ?? (options.stored === true ? 0 : 8), 4);
  fields.writeUInt32LE(options.checksum ?? crc32(raw), 10);
  fields.writeUInt32LE(options.zip64 === true ? 0xffff_ffff : sizes.packed, 14);
  fields.writeUInt32LE(options.zip64 === true ? 0xffff_ffff : sizes.raw, 18);
  return fields;
}

function zip64Extra(sizes: { packed: number; raw: number }): Buffer {
  const extra = Buffer.alloc(20);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(16, 2);
  extra.writeBigUInt64LE(BigInt(sizes.raw), 4);
  extra.writeBigUInt64LE(BigInt(sizes.packed), 12);
  return extra;
}

function bytes32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}
