// How the server of terminals is configured: off until a port is asked for.

import { z } from "zod";
import { mappingsSchema } from "../feeds/symbol-map.ts";

export const bridgeSchema = z.strictObject({
  enabled: z.boolean(),
  /** Anything but the loopback needs TLS. */
  host: z.string().min(1),
  /** 0 for any that is free. */
  port: z.number().int().nonnegative().lte(65_535),
  /** Files in PEM; left out, it does without, or a proxy has them. */
  tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
  /** Orders of the account go to its terminal, not to the paper broker. */
  trades: z.boolean(),
  /** How often a terminal's whole picture is held against our books. */
  reconcileSeconds: z.number().int().gte(5).lte(3_600),
  /**
   * When this server has been silent for so long, a terminal whose `InpDeadManFlatten` is on closes what was opened for us; left out,
   * never. It takes no entries long before that.
   */
  flattenAfterSeconds: z.number().int().gte(15).lte(86_400).optional(),
  /** Spellings of brokers that are not guessed. */
  symbols: mappingsSchema,
  /** Of the secrets in the data folder, 32 bytes in hexadecimal; left out, it lies in the folder's keys/. */
  key: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, "32 bytes in hexadecimal")
    .optional(),
});

export type BridgeSettings = Readonly<z.infer<typeof bridgeSchema>>;

export const BRIDGE_DEFAULTS: BridgeSettings = {
  enabled: false,
  host: "127.0.0.1",
  port: 8_001,
  trades: false,
  reconcileSeconds: 30,
  symbols: [],
};
