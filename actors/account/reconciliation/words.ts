// How findings name volumes and money.

import { type MicroMoney, MICROS_PER_LOT, MICROS_PER_UNIT } from "../../domain/money.ts";

export function lots(volumeMicros: number): string {
  return `${Math.abs(volumeMicros) / MICROS_PER_LOT} lots`;
}

/** Long or short of so much. */
export function holding(signedVolumeMicros: number): string {
  if (signedVolumeMicros === 0) return "nothing";
  return `${signedVolumeMicros > 0 ? "BUY" : "SELL"} ${lots(signedVolumeMicros)}`;
}

export function money(micros: MicroMoney, currency: string): string {
  return `${micros / MICROS_PER_UNIT} ${currency}`;
}
