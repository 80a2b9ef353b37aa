// Asking the hot store: at once or not at all, and a failure is told in words for people.

import { HotStateUnavailable } from "../../actors/ports/hot-state.ts";
import type { DragonflyClient, DragonflyConnection } from "./connect.ts";

export async function ask<T>(
  connection: DragonflyConnection,
  question: (client: DragonflyClient) => Promise<T>,
): Promise<T> {
  // A pipeline of a cluster's client would wait for a connection, however long it takes.
  if (!connection.up) throw new HotStateUnavailable(connection.explain("there is no connection"));
  try {
    return await question(connection.client);
  } catch (error) {
    throw new HotStateUnavailable(connection.explain(error), { cause: error });
  }
}
