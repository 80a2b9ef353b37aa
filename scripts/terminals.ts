// Opens the server of terminals where settings ask for it, on the running station.

import { failure, ok, type Result } from "../actors/base/result.ts";
import type { Station } from "../edge/main.ts";
import type { Market } from "../edge/markets.ts";
import { Bridge } from "../edge/mt5/bridge.ts";
import type { Settings } from "../edge/settings.ts";
import { openTerminals } from "../storage/terminals/store.ts";

/** A bridge with the file that it keeps open. */
export interface OpenedBridge {
  readonly bridge: Bridge;
  stop(): Promise<void>;
}

/** Undefined where no port is asked for. */
export function openBridge(options: {
  station: Station;
  settings: Settings;
  market: Pick<Market, "clock" | "closedBecause">;
  onProblem: (message: string) => void;
}): Result<OpenedBridge | undefined, string> {
  const { station, settings, market, onProblem } = options;
  const { enabled, host, port, tls, symbols, key } = settings.mt5;
  if (!enabled) return ok(undefined);
  if (market.clock !== "wall" || market.closedBecause !== "") {
    return failure(
      "terminals-not-taken",
      "terminals send the market as it is now: start with --market none and --clock wall, or without --mt5-port",
    );
  }
  const store = openTerminals({ data: settings.data, keyHex: key });
  if (!store.ok) return store;
  const listening = new Bridge({ station, store: store.value, host, port, tls, symbols, onProblem }).listen();
  if (!listening.ok) {
    store.value.close();
    return listening;
  }
  const bridge = listening.value;
  return ok({
    bridge,
    stop: async () => {
      await bridge.stop();
      store.value.close();
    },
  });
}
