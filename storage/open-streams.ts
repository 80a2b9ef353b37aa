// Opens the stream of records by its address: DragonflyDB, NATS JetStream or Kafka.

import { failure, ok, type Result } from "../actors/base/result.ts";
import type { Streams } from "../actors/ports/streams.ts";
import { connectStreams as connectDragonfly } from "./dragonfly/streams.ts";
import { connectStreams as connectKafka } from "./kafka/streams.ts";
import { NatsStreams } from "./nats/streams.ts";

/** @param address `redis://`, `rediss://`, `nats://`, `kafka://` or `kafkas://` */
export function openStreams(address: string): Result<Streams, string> {
  const scheme = /^([a-z]+):\/\//.exec(address)?.[1];
  switch (scheme) {
    case "redis":
    case "rediss":
      return connectDragonfly(address);
    case "nats":
      return URL.canParse(address) ? ok(new NatsStreams({ url: address })) : badAddress();
    case "kafka":
    case "kafkas":
      return connectKafka(address);
    default:
      return badAddress();
  }
}

function badAddress(): Result<never, string> {
  return failure(
    "bad-address",
    "streams are at redis://host:6379, rediss://host:6379, nats://host:4222, kafka://host:9092 or kafkas://host:9092",
  );
}
