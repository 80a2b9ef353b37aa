// Whether an instrument is mapped such that orders on it can be computed at all: a wrong term is a wrong volume.

import type { Instrument } from "../../domain/instrument.ts";

/** How many of its terms are unusable; 0 for an instrument that may be traded. */
export function unusableTerms(instrument: Instrument): number {
  const { volumeStepMicros, volumeMinMicros, volumeMaxMicros, digits, contractSize, sessions } = instrument;
  const usable = [
    instrument.symbol !== "",
    CURRENCY.test(instrument.baseCurrency),
    CURRENCY.test(instrument.quoteCurrency),
    Number.isInteger(digits) && digits >= 0 && digits <= DIGITS_MAX,
    Number.isFinite(contractSize) && contractSize > 0,
    Number.isSafeInteger(volumeStepMicros) && volumeStepMicros > 0,
    Number.isSafeInteger(volumeMinMicros) && volumeMinMicros > 0,
    Number.isSafeInteger(volumeMaxMicros) && volumeMaxMicros >= volumeMinMicros,
    sessions.length > 0,
  ];
  return usable.filter((each) => !each).length;
}

/** ISO 4217, and the codes that brokers give metals and coins. */
const CURRENCY = /^[A-Z0-9]{3,8}$/;

const DIGITS_MAX = 12;
