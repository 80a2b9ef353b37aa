// Opens the stream of records by its address: DragonflyDB or NATS JetStream.

import { failure, ok, type Result } from "../actors/base/result.ts";
import type { Streams } from "../actors/ports/streams.ts";
import { connectStreams } from "./dragonfly/streams.ts";
import { NatsStreams } from "./nats/streams.ts";

/** @param address `redis://`, `rediss://` or `nats://` */
export function openStreams(address: string): Result<Streams, string> {
  const scheme = /^([a-z]+):\/\//.exec(address)?.[1];
  switch (scheme) {
    case "redis":
    case "rediss":
      return connectStreams(address);
    case "nats":
      return ok(new NatsStreams({ url: address }));
    default:
      return failure(
        "bad-address",
        "streams are at redis://host:6379, rediss://host:6379 or nats://host:4222",
      );
  }
}
