// The registry's models with what training said of them, and what they and the rule members turned out to be worth since: the
// follower of the journal scores them, this only shows it. Who votes is changed by model-standing.ts.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { MEMBERS } from "../../actors/domain/prediction.ts";
import { REGIMES } from "../../actors/domain/regime.ts";
import type {
  KnownModel,
  ModelQuality,
  SubjectQuality,
  SymbolQuality,
} from "../../actors/ports/model-quality.ts";
import {
  MODEL_EVENTS,
  MODEL_NAME,
  MODEL_STATUSES,
  MODEL_VERSION,
  modelExpiryMicros,
  type Promotion,
} from "../../actors/ports/models.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { isoTime } from "../live/shapes.ts";
import { Problem, problemAnswer } from "./problem.ts";
import { symbolSchema } from "./queries.ts";

const MICROS_PER_SECOND = 1_000_000;
/** Microseconds of the last day that a date can name. */
const TIME_MICROS_MAX = 8.64e21;

const count = z.number().int().nonnegative();

const figures = {
  rows: count,
  /** About how many of them do not overlap. */
  rowsApart: z.number(),
  baseRate: z.number(),
  accuracy: z.number(),
  /** The interval of the accuracy at 95 %, as if only rows counted that do not overlap. */
  accuracyLow: z.number(),
  accuracyHigh: z.number(),
  brier: z.number(),
  brierSkill: z.number().nullable(),
  logLoss: z.number(),
  /** Expected calibration error. */
  ece: z.number(),
  auc: z.number().nullable(),
};

const liveSchema = z.object({
  symbol: z.string(),
  kind: z.enum(["rule", "asked", "champion", "shadow"]),
  /** Answers whose outcome is known, of those that are looked back on. */
  settled: count,
  /** Null, and the curves empty, while those are too few to say anything. */
  all: z.object(figures).nullable(),
  regimes: z.array(z.object({ ...figures, regime: z.enum(REGIMES) })),
  /** What was said and how often it happened, in bins of equal mass. */
  calibration: z.array(z.object({ count, said: z.number(), happened: z.number() })),
  /** By decile of confidence, the surest first. */
  coverage: z.array(z.object({ coverage: z.number(), count, accuracy: z.number(), confidence: z.number() })),
});

const figure = z.number().nullable();

const modelSchema = z.object({
  model: z.string(),
  version: z.string(),
  status: z.enum(MODEL_STATUSES),
  member: z.enum(MEMBERS),
  event: z.enum(MODEL_EVENTS),
  horizonSeconds: z.number(),
  /** Null for any. */
  symbols: z.array(z.string()).nullable(),
  cadence: z.string(),
  /** Of its bytes, hex. */
  sha256: z.string(),
  bytes: count,
  trainedAt: z.string(),
  registeredAt: z.iso.datetime(),
  /** What it did that nobody may open it until it is promoted; null for one that did nothing. */
  quarantine: z.object({ reason: z.string(), since: z.iso.datetime() }).nullable(),
  /** Null for never. */
  expiresAt: z.iso.datetime().nullable(),
  /** Of the rows it was trained on, where its card says so. */
  training: z.object({ from: z.iso.datetime(), until: z.iso.datetime() }).nullable(),
  /** On rows it was not trained on, where its card says so. */
  holdout: z
    .object({
      rows: figure,
      baseRate: figure,
      accuracy: figure,
      auc: figure,
      brier: figure,
      brierSkill: figure,
      ece: figure,
      logLoss: figure,
    })
    .nullable(),
  live: z.array(liveSchema),
});

const modelsSchema = z.object({
  /** Every version, by model, the newest first. */
  items: z.array(modelSchema),
  /** Members that are no models: rules, and those that are asked beside the tick path, about the horizon they were asked for. */
  rules: z.array(
    z.object({
      member: z.enum(MEMBERS),
      kind: z.enum(["rule", "asked"]),
      event: z.enum(MODEL_EVENTS),
      horizonSeconds: z.number(),
      live: z.array(liveSchema),
    }),
  ),
  symbols: z.array(
    z.object({
      symbol: z.string(),
      /** Of the last record that is scored. */
      time: z.iso.datetime(),
      /** How often shadows were asked, passed over to come level, and failed. */
      shadows: z.object({ asked: count, skipped: count, failed: count }),
      /** The features that moved most from how they first were; empty before there is a day to compare. */
      drift: z.array(z.object({ feature: z.string(), index: z.number() })),
    }),
  ),
});
export type ModelsMessage = z.infer<typeof modelsSchema>;

const decisionSchema = z.object({ version: z.string(), by: z.string(), at: z.iso.datetime() });

const cardAnswerSchema = modelSchema.extend({
  /** As it was registered. */
  card: z.record(z.string(), z.unknown()),
  /** Who let which version of the model vote, goings back included, and who put which away; oldest first. */
  promotions: z.array(decisionSchema),
  retirements: z.array(decisionSchema),
});

export function addModels(app: OpenAPIHono, picture: LivePicture): void {
  const { quality } = picture.station;
  const list = createRoute({
    method: "get",
    path: "/models",
    summary:
      "Every model with its training and its live scores, the scores of rule members, and how features drift",
    request: { query: z.object({ symbol: symbolSchema.optional() }) },
    responses: {
      200: {
        description: "Models and scores",
        content: { "application/json": { schema: modelsSchema } },
      },
      400: problemAnswer("A value is wrong"),
    },
  });
  app.openapi(list, async (c) => {
    const { symbol } = c.req.valid("query");
    return c.json(await overviewOf(quality, symbol), 200);
  });
  const card = createRoute({
    method: "get",
    path: "/models/{model}/{version}",
    summary: "A version's whole card, its live scores and who promoted which version of the model",
    request: {
      params: z.object({
        model: z.string().regex(MODEL_NAME, "a model's name"),
        version: z.string().regex(MODEL_VERSION, "a version's name"),
      }),
    },
    responses: {
      200: {
        description: "A version and its card",
        content: { "application/json": { schema: cardAnswerSchema } },
      },
      400: problemAnswer("A value is wrong"),
      404: problemAnswer("There is no such version"),
    },
  });
  app.openapi(card, async (c) => {
    const { model, version } = c.req.valid("param");
    const known = quality.models().find((each) => each.card.model === model && each.card.version === version);
    if (known === undefined) {
      throw new Problem(404, "unknown-model", `there is no ${model} ${version}: /api/v1/models lists them`);
    }
    const promotions = quality.promotions(model).map(decisionOf);
    const retirements = quality.retirements(model).map(decisionOf);
    const described = describe(known, await quality.symbols());
    const whole = structuredClone(known.card) as unknown as Record<string, never>;
    return c.json({ ...described, card: whole, promotions, retirements }, 200);
  });
}

function decisionOf({ version, by, atMicros }: Promotion): z.infer<typeof decisionSchema> {
  return { version, by, at: isoTime(atMicros) };
}

async function overviewOf(quality: ModelQuality, only: string | undefined): Promise<ModelsMessage> {
  const all = await quality.symbols();
  const symbols = only === undefined ? all : all.filter(({ symbol }) => symbol === only);
  const rules = new Map<string, ModelsMessage["rules"][number]>();
  for (const { symbol, subjects } of symbols) {
    for (const subject of subjects) {
      const { member, kind, event, horizonMicros } = subject;
      if (kind !== "rule" && kind !== "asked") continue;
      const key = `${member} ${horizonMicros}`;
      const rule = rules.get(key) ?? {
        member,
        kind,
        event,
        horizonSeconds: horizonMicros / MICROS_PER_SECOND,
        live: [],
      };
      rule.live.push(liveOf(symbol, subject));
      rules.set(key, rule);
    }
  }
  return {
    items: quality.models().map((known) => describe(known, symbols)),
    rules: [...rules.values()],
    symbols: symbols.map(({ symbol, timeMicros, shadows, drift }) => ({
      symbol,
      time: isoTime(timeMicros),
      shadows: { ...shadows },
      drift: [...drift],
    })),
  };
}

function describe(known: KnownModel, symbols: readonly SymbolQuality[]): z.infer<typeof modelSchema> {
  const { card, status, sha256, bytes, registeredMicros, quarantine, training, holdout } = known;
  const expiryMicros = modelExpiryMicros(card);
  return {
    model: card.model,
    version: card.version,
    status,
    member: card.member,
    event: card.event,
    horizonSeconds: card.horizonMicros / MICROS_PER_SECOND,
    symbols: card.symbols === null ? null : [...card.symbols],
    cadence: card.cadence,
    sha256,
    bytes,
    trainedAt: card.trainedAt,
    registeredAt: isoTime(registeredMicros),
    quarantine:
      quarantine === null ? null : { reason: quarantine.reason, since: isoTime(quarantine.atMicros) },
    expiresAt: expiryMicros < TIME_MICROS_MAX ? isoTime(expiryMicros) : null,
    training:
      training === undefined
        ? null
        : { from: isoTime(training.fromMicros), until: isoTime(training.untilMicros) },
    holdout: holdout === undefined ? null : { ...holdout },
    live: symbols.flatMap(({ symbol, subjects }) =>
      subjects
        .filter(({ model }) => model?.model === card.model && model.version === card.version)
        .map((subject) => liveOf(symbol, subject)),
    ),
  };
}

function liveOf(symbol: string, subject: SubjectQuality): z.infer<typeof liveSchema> {
  const { kind, settled, all, regimes, calibration, coverage } = subject;
  return {
    symbol,
    kind,
    settled,
    all: all === null ? null : { ...all },
    regimes: [...regimes],
    calibration: [...calibration],
    coverage: [...coverage],
  };
}
