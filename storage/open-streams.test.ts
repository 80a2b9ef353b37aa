// Which addresses of streams are taken; what is none is said without its password.

import { expect, test } from "bun:test";
import { openStreams } from "./open-streams.ts";

test.each([
  "redis://me:secret@127.0.0.1:9",
  "nats://me:secret@127.0.0.1:9",
  "kafka://me:secret@127.0.0.1:9,127.0.0.1:10?mechanism=plain",
  "kafkas://me:secret@localhost",
])("%s is an address of streams", async (address) => {
  const streams = openStreams(address);
  expect(streams.ok).toBe(true);
  if (streams.ok) await streams.value.close();
});

test.each([
  "",
  "amqp://me:secret@127.0.0.1",
  "redis://me:secret@127.0.0.1:99999",
  "nats://me:secret@127.0.0.1:99999",
  "kafka://me:secret@127.0.0.1:99999",
  "kafka://me:secret@127.0.0.1?mechanism=none",
])('"%s" is none, and its password is not repeated', (address) => {
  const streams = openStreams(address);
  expect(streams.ok).toBe(false);
  if (!streams.ok) expect(streams.message).not.toContain("secret");
});
