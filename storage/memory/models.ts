// The registry of models in memory: what the one in a folder is measured against.

import { createHash } from "node:crypto";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import {
  MODEL_BYTES_MAX,
  MODEL_VERSIONS_MAX,
  type ModelCard,
  type ModelFailure,
  type Models,
  type Promotion,
  type Quarantine,
  type RegisteredModel,
  type Retirement,
} from "../../actors/ports/models.ts";

interface Kept {
  readonly entry: Omit<RegisteredModel, "status" | "quarantine">;
  readonly content: Uint8Array;
}

interface Model {
  readonly versions: Map<string, Kept>;
  readonly promotions: Promotion[];
  /** The champion last. */
  champions: string[];
  readonly retired: Set<string>;
  readonly quarantined: Map<string, Quarantine>;
  readonly retirements: Retirement[];
}

export class MemoryModels implements Models {
  readonly #models = new Map<string, Model>();

  register(
    content: Uint8Array,
    card: ModelCard,
    registeredMicros: number,
  ): Result<RegisteredModel, ModelFailure> {
    const { model, version } = card;
    if (content.length === 0 || content.length > MODEL_BYTES_MAX)
      return failure("too-large", `${content.length} bytes`);
    const { versions } = this.#of(model);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const known = versions.get(version);
    if (known !== undefined && (known.entry.sha256 !== sha256 || !Bun.deepEquals(known.entry.card, card))) {
      return failure("taken", version);
    }
    if (known === undefined && versions.size >= MODEL_VERSIONS_MAX)
      return failure("too-many-versions", model);
    if (known === undefined) {
      const entry = { card, sha256, bytes: content.length, registeredMicros };
      versions.set(version, { entry, content: content.slice() });
    }
    return this.#standing(model, version);
  }

  list(only?: string): readonly RegisteredModel[] {
    return [...this.#models]
      .filter(([model]) => only === undefined || model === only)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([model, { versions }]) =>
        [...versions.keys()]
          .flatMap((version) => {
            const registered = this.#standing(model, version);
            return registered.ok ? [registered.value] : [];
          })
          .sort(
            (a, b) => b.registeredMicros - a.registeredMicros || (a.card.version < b.card.version ? 1 : -1),
          ),
      );
  }

  load(model: string, version: string): Result<Uint8Array, ModelFailure> {
    const kept = this.#models.get(model)?.versions.get(version);
    return kept === undefined ? failure("unknown-model", version) : ok(kept.content);
  }

  champion(model: string): RegisteredModel | undefined {
    return this.list(model).find(({ status }) => status === "champion");
  }

  champions(model: string): readonly RegisteredModel[] {
    const { champions, retired } = this.#of(model);
    return champions
      .toReversed()
      .filter((version, index, all) => all.indexOf(version) === index && !retired.has(version))
      .flatMap((version) => {
        const registered = this.#standing(model, version);
        return registered.ok ? [registered.value] : [];
      });
  }

  promote(model: string, promotion: Promotion, evenRetired = false): Result<RegisteredModel, ModelFailure> {
    const { version } = promotion;
    if (!this.load(model, version).ok) return failure("unknown-model", version);
    const of = this.#of(model);
    if (of.retired.has(version) && !evenRetired) return failure("is-retired", version);
    const wasAway = of.quarantined.delete(version) || of.retired.has(version);
    if (of.champions.at(-1) !== version || wasAway) {
      of.promotions.push({ ...promotion });
      of.champions.push(version);
      of.retired.delete(version);
    }
    return this.#standing(model, version);
  }

  rollback(model: string, by: string, atMicros: number): Result<RegisteredModel, ModelFailure> {
    const of = this.#of(model);
    const current = of.champions.at(-1);
    const place = of.champions.findLastIndex(
      (each) => each !== current && !of.quarantined.has(each) && !of.retired.has(each),
    );
    const version = of.champions[place];
    if (version === undefined) return failure("no-earlier-champion", model);
    of.promotions.push({ version, by, atMicros });
    of.champions = of.champions.slice(0, place + 1);
    return this.#standing(model, version);
  }

  retire(model: string, retirement: Retirement): Result<RegisteredModel, ModelFailure> {
    const { version } = retirement;
    if (!this.load(model, version).ok) return failure("unknown-model", version);
    const of = this.#of(model);
    if (this.champion(model)?.card.version === version) return failure("is-champion", version);
    if (!of.retired.has(version)) of.retirements.push({ ...retirement });
    of.retired.add(version);
    return this.#standing(model, version);
  }

  quarantine(model: string, version: string, quarantine: Quarantine): Result<RegisteredModel, ModelFailure> {
    if (!this.load(model, version).ok) return failure("unknown-model", version);
    this.#of(model).quarantined.set(version, { ...quarantine });
    return this.#standing(model, version);
  }

  promotions(model: string): readonly Promotion[] {
    return [...(this.#models.get(model)?.promotions ?? [])];
  }

  retirements(model: string): readonly Retirement[] {
    return [...(this.#models.get(model)?.retirements ?? [])];
  }

  #of(model: string): Model {
    let of = this.#models.get(model);
    if (of === undefined) {
      of = {
        versions: new Map(),
        promotions: [],
        champions: [],
        retired: new Set(),
        retirements: [],
        quarantined: new Map(),
      };
      this.#models.set(model, of);
    }
    return of;
  }

  #standing(model: string, version: string): Result<RegisteredModel, ModelFailure> {
    const of = this.#of(model);
    const kept = of.versions.get(version);
    if (kept === undefined) return failure("unknown-model", version);
    const quarantine = of.quarantined.get(version) ?? null;
    const champion = of.champions.findLast((each) => !of.retired.has(each) && !of.quarantined.has(each));
    const standing = champion === version ? "champion" : "shadow";
    const status = of.retired.has(version) ? "retired" : quarantine === null ? standing : "quarantined";
    return ok({ ...kept.entry, status, quarantine });
  }
}
