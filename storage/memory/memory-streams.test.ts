// Streams in memory keep the contract that others are held to.

import { describeStreams } from "../../test/contract/streams.ts";
import { MemoryStreams } from "./memory-streams.ts";

const streams = new MemoryStreams();

describeStreams("memory", async () => {
  await Promise.resolve();
  return streams;
});
