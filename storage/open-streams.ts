// Opens the stream of records by its address: DragonflyDB, NATS JetStream or Kafka.

import { failure, type Result, ok } from "../actors/base/result.ts";
import type { Streams } from "../actors/ports/streams.ts";
import { connectDragonfly, withoutPassword } from "./dragonfly/connect.ts";
import { DragonflyStreams } from "./dragonfly/streams.ts";
import { NatsStreams } from "./nats/streams.ts";

/** @param address `redis://`, `rediss://` or `nats://` */
export function openStreams(address: string): Result<Streams, "bad-address"> {
  const scheme = /^([a-z]+):\/\//.exec(address)?.[1];
  switch (scheme) {
    case "redis":
    case "rediss": {
      const client = connectDragonfly(address);
      if (!client.ok) return client;
      return ok(new DragonflyStreams({ client: client.value, address: withoutPassword(address) }));
    }
    case "nats":
      return ok(new NatsStreams({ url: address }));
    default:
      return failure(
        "bad-address",
        `${withoutPassword(address)} is no address of a stream: redis://host:6379 or nats://host:4222 is`,
      );
  }
}
