// Puts the advisers of the settings to work beside a running station; loads the SDK only where there are any.

import type { Scheduler } from "../../actors/base/clock.ts";
import type { CacheStore } from "../../actors/ports/cache-store.ts";
import type { Adviser } from "../../actors/ports/adviser.ts";
import type { SpendingStore } from "../../actors/ports/spending.ts";
import type { Station } from "../main.ts";
import { Budget } from "./budget.ts";
import { Consultant } from "./consultant.ts";
import { AdviserDesk } from "./desk.ts";
import { NewsFile } from "./news.ts";
import { type AdviserService, type AdviserSettings, troubleOf } from "./settings.ts";

const MILLIS_PER_SECOND = 1_000;
const MILLIS_PER_MINUTE = 60_000;
const COST_MICROS = 1_000_000;

export interface AdvisersOptions {
  readonly station: Pick<Station, "live"> & {
    readonly clock: Scheduler;
    readonly hot: Pick<Station["hot"], "cache" | "guard">;
  };
  readonly settings: AdviserSettings;
  readonly spending: SpendingStore;
  /** Whether records carry the wall's time. */
  readonly isWallClock: boolean;
  readonly onProblem: (message: string) => void;
}

/** Undefined where nobody is to be asked, or nobody can be; the second is told. */
export async function openAdvisers(options: AdvisersOptions): Promise<AdviserDesk | undefined> {
  const { station, settings, spending, isWallClock, onProblem } = options;
  if (!settings.enabled) return undefined;
  if (!isWallClock) {
    onProblem("advisers are not asked: this market is of another time than theirs");
    return undefined;
  }
  const { clock } = station;
  const budget = await Budget.open({
    callsPerDay: settings.callsPerDay,
    costPerDayMicros: settings.costPerDay * COST_MICROS,
    clock,
    store: spending,
  });
  if (!budget.ok) {
    onProblem(`advisers are not asked: ${budget.message}`);
    return undefined;
  }
  const usable = settings.services.filter((service) => isUsable(service, onProblem));
  if (usable.length === 0) {
    onProblem(
      "advisers are enabled, and none of advisers.services can be asked: configure one, or disable them",
    );
    return undefined;
  }
  const { OpenAiAdviser } = await import("./openai-adviser.ts");
  const common = {
    budget: budget.value,
    cache: patient(station.hot),
    cacheMillis: settings.cacheMinutes * MILLIS_PER_MINUTE,
    timeoutMillis: settings.timeoutSeconds * MILLIS_PER_SECOND,
    clock,
    onProblem,
  };
  const consultants = usable.map((service) => {
    const adviser: Adviser = new OpenAiAdviser(service);
    return new Consultant({ ...common, adviser, prices: service });
  });
  const desk = new AdviserDesk({
    live: station.live,
    clock,
    consultants,
    budget: budget.value,
    settings,
    news: settings.news === undefined ? undefined : new NewsFile(settings.news, onProblem),
    onProblem,
  });
  desk.start();
  return desk;
}

function isUsable(service: AdviserService, onProblem: (message: string) => void): boolean {
  const trouble = troubleOf(service);
  if (trouble !== "") onProblem(`adviser ${service.name} is not asked: ${trouble}`);
  return trouble === "";
}

/** While the store is away nothing is remembered, and that is all. */
function patient({ cache, guard }: AdvisersOptions["station"]["hot"]): CacheStore {
  return {
    get: async (key) => {
      const text = await guard.ask(async () => await cache.get(key));
      return typeof text === "string" ? text : undefined;
    },
    set: async (key, text, ttlMillis) => {
      await guard.ask(async () => await cache.set(key, text, ttlMillis));
    },
    remove: async (keys) => {
      await guard.ask(async () => await cache.remove(keys));
    },
  };
}
