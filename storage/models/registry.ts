// The registry of models in a folder: a folder a model, one a version in it with the model's bytes and its card, and beside it a
// file that says which version counts. What is written is there as a whole or not at all; what was touched since is found by its hash.

import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import {
  MODEL_BYTES_MAX,
  MODEL_NAME,
  MODEL_VERSION,
  MODEL_VERSIONS_MAX,
  type ModelCard,
  type ModelFailure,
  type Models,
  type Promotion,
  type Quarantine,
  type RegisteredModel,
  type Retirement,
} from "../../actors/ports/models.ts";
import { cardSchema, parseCard } from "./card.ts";
import {
  NOTHING_YET,
  promoted,
  quarantinedIn,
  quarantineOf,
  retiredFrom,
  rolledBack,
  standby,
  type Standing,
  standingSchema,
  statusOf,
} from "./standing.ts";

const CONTENT = "model.onnx";
const ENTRY = "card.json";
/** What a model's file of who counts ends with. */
const STANDING = ".json";
/** What the same file a second time ends with: who counts is known, whatever becomes of one of them. */
const COPY = ".copy";
/** Of what is being written, or was when the process died; no version's name has it. */
const UNFINISHED = "~";

const entrySchema = z.strictObject({
  card: cardSchema,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().positive(),
  registeredMicros: z.number().int().nonnegative(),
});
type Entry = z.infer<typeof entrySchema>;

export class FileModels implements Models {
  readonly #folder: string;
  readonly #onProblem: (message: string) => void;

  /** @param folder made when the first model is registered */
  constructor(folder: string, onProblem: (message: string) => void) {
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  register(
    content: Uint8Array,
    given: ModelCard,
    registeredMicros: number,
  ): Result<RegisteredModel, ModelFailure> {
    const card = parseCard(given);
    if (!card.ok) return card;
    const { model, version } = card.value;
    if (content.length === 0 || content.length > MODEL_BYTES_MAX) {
      return failure(
        "too-large",
        `${model} ${version} has ${content.length} bytes: 1 to ${MODEL_BYTES_MAX} are taken`,
      );
    }
    const entry: Entry = {
      card: cardSchema.parse(card.value),
      sha256: createHash("sha256").update(content).digest("hex"),
      bytes: content.length,
      registeredMicros,
    };
    const known = this.#entry(model, version);
    if (known !== undefined) {
      const isSame = known.sha256 === entry.sha256 && Bun.deepEquals(known.card, entry.card);
      if (isSame) return ok(this.#registered(known));
      return failure(
        "taken",
        `${model} ${version} is known with other bytes or another card: give this one another version`,
      );
    }
    if (this.#versions(model).length >= MODEL_VERSIONS_MAX) {
      return failure(
        "too-many-versions",
        `${model} has ${MODEL_VERSIONS_MAX} versions: remove folders of retired ones`,
      );
    }
    const folder = this.#versionFolder(model, version);
    const unfinished = `${folder}${UNFINISHED}`;
    return this.#writing([unfinished], () => {
      rmSync(unfinished, { recursive: true, force: true });
      mkdirSync(unfinished, { recursive: true });
      writeSynced(join(unfinished, CONTENT), content);
      writeSynced(join(unfinished, ENTRY), Buffer.from(`${JSON.stringify(entry, undefined, 2)}\n`));
      // What is in its place is damaged, or it would have been known.
      rmSync(folder, { recursive: true, force: true });
      renameSync(unfinished, folder);
      syncFolder(join(this.#folder, model));
      return ok(this.#registered(entry));
    });
  }

  list(only?: string): readonly RegisteredModel[] {
    const models =
      only === undefined ? namesIn(this.#folder).filter((name) => MODEL_NAME.test(name)) : [only];
    return models.sort().flatMap((model) =>
      this.#versions(model)
        .flatMap((version) => this.#entry(model, version) ?? [])
        .map((entry) => this.#registered(entry))
        .sort(
          (a, b) => b.registeredMicros - a.registeredMicros || (a.card.version < b.card.version ? 1 : -1),
        ),
    );
  }

  load(model: string, version: string): Result<Uint8Array, ModelFailure> {
    const entry = this.#entry(model, version);
    if (entry === undefined) return unknownModel(model, version);
    try {
      const content = readFileSync(join(this.#versionFolder(model, version), CONTENT));
      const bytes = new Uint8Array(content.buffer, content.byteOffset, content.length);
      const sound = this.#sound(entry, bytes, createHash("sha256").update(content).digest("hex"));
      if (!sound.ok) this.#onProblem(sound.message);
      return sound;
    } catch (error) {
      const damaged = this.#damaged(entry, error instanceof Error ? error.message : String(error));
      this.#onProblem(damaged.message);
      return damaged;
    }
  }

  champion(model: string): RegisteredModel | undefined {
    const standing = this.#standing(model);
    // The last good one, where files were touched or one is in quarantine.
    const version = standby(standing).find(
      (each) => quarantineOf(standing, each) === null && this.load(model, each).ok,
    );
    const entry = version === undefined ? undefined : this.#entry(model, version);
    return entry === undefined ? undefined : { ...this.#registered(entry), status: "champion" };
  }

  champions(model: string): readonly RegisteredModel[] {
    return standby(this.#standing(model)).flatMap((version) => {
      const entry = this.#entry(model, version);
      return entry === undefined ? [] : [this.#registered(entry)];
    });
  }

  /** As {@link load}, with the reading and hashing on other threads; what is wrong is told by the answer alone. */
  async loadAside(model: string, version: string): Promise<Result<Uint8Array, ModelFailure>> {
    const entry = this.#entry(model, version);
    if (entry === undefined) return unknownModel(model, version);
    try {
      const content = new Uint8Array(await readFile(join(this.#versionFolder(model, version), CONTENT)));
      const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
      return this.#sound(entry, content, sha256);
    } catch (error) {
      return this.#damaged(entry, error instanceof Error ? error.message : String(error));
    }
  }

  /** Models of which some version was ever promoted or retired. */
  get standing(): string[] {
    return namesIn(this.#folder)
      .filter((name) => name.endsWith(STANDING))
      .map((name) => name.slice(0, -STANDING.length))
      .filter((model) => MODEL_NAME.test(model))
      .sort();
  }

  /** Another one whenever some version was promoted, rolled back or retired since. */
  get revision(): string {
    return this.standing
      .map((model) => {
        const stat = statSync(this.#standingPath(model), { throwIfNoEntry: false });
        return `${model} ${stat?.ino} ${stat?.mtimeMs} ${stat?.size}`;
      })
      .join("\n");
  }

  /** Another one whenever some version was registered, promoted, rolled back or retired since, or taken away. */
  get contents(): string {
    const folders = namesIn(this.#folder)
      .filter((name) => MODEL_NAME.test(name))
      .sort()
      .map((name) => `${name} ${statSync(join(this.#folder, name), { throwIfNoEntry: false })?.mtimeMs}`);
    return [...folders, this.revision].join("\n");
  }

  promote(model: string, promotion: Promotion, evenRetired = false): Result<RegisteredModel, ModelFailure> {
    const { version } = promotion;
    const sound = this.load(model, version);
    if (!sound.ok) return sound;
    const standing = this.#standing(model);
    if (!evenRetired && statusOf(standing, version) === "retired") {
      return failure(
        "is-retired",
        `${model} ${version} was retired: promote another version, or this one with --even-retired (over HTTP: evenRetired)`,
      );
    }
    return this.#stand(model, version, promoted(standing, promotion));
  }

  rollback(model: string, by: string, atMicros: number): Result<RegisteredModel, ModelFailure> {
    const isSound = (version: string): boolean => this.load(model, version).ok;
    const standing = rolledBack(this.#standing(model), { by, atMicros, isSound });
    const version = standing?.champions.at(-1);
    if (standing === undefined || version === undefined) {
      return failure("no-earlier-champion", `${model} has no earlier champion that could vote again`);
    }
    return this.#stand(model, version, standing);
  }

  retire(model: string, retirement: Retirement): Result<RegisteredModel, ModelFailure> {
    const { version } = retirement;
    if (this.#entry(model, version) === undefined) return unknownModel(model, version);
    const standing = this.#standing(model);
    if (statusOf(standing, version) === "champion") {
      return failure(
        "is-champion",
        `${model} ${version} votes now: promote another version first, or roll back`,
      );
    }
    return this.#stand(model, version, retiredFrom(standing, retirement));
  }

  quarantine(model: string, version: string, quarantine: Quarantine): Result<RegisteredModel, ModelFailure> {
    if (this.#entry(model, version) === undefined) return unknownModel(model, version);
    return this.#stand(model, version, quarantinedIn(this.#standing(model), version, quarantine));
  }

  promotions(model: string): readonly Promotion[] {
    return this.#standing(model).promotions;
  }

  retirements(model: string): readonly Retirement[] {
    return this.#standing(model).retirements;
  }

  #stand(model: string, version: string, standing: Standing): Result<RegisteredModel, ModelFailure> {
    const path = this.#standingPath(model);
    const paths = [path, `${path}${COPY}`];
    const unfinished = paths.map((each) => `${each}${UNFINISHED}`);
    return this.#writing(unfinished, () => {
      const content = Buffer.from(`${JSON.stringify(standing, undefined, 2)}\n`);
      // Both are on the disk before either counts: one that is full changes nothing.
      for (const each of unfinished) writeSynced(each, content);
      for (const each of paths) renameSync(`${each}${UNFINISHED}`, each);
      syncFolder(this.#folder);
      const entry = this.#entry(model, version);
      return entry === undefined ? unknownModel(model, version) : ok(this.#registered(entry));
    });
  }

  #standing(model: string): Standing {
    const path = this.#standingPath(model);
    if (!MODEL_NAME.test(model) || !existsSync(path)) return NOTHING_YET;
    const read = standingIn(path);
    if (read.ok) return read.value;
    const copy = standingIn(`${path}${COPY}`);
    // Without either no version votes: that is the safe side.
    const instead = copy.ok
      ? `its copy ${path}${COPY} says the same and counts; the next promotion writes both anew`
      : `no version of ${model} votes until one is promoted`;
    this.#onProblem(`${path} cannot be read (${read.message}): ${instead}`);
    return copy.ok ? copy.value : NOTHING_YET;
  }

  #entry(model: string, version: string): Entry | undefined {
    if (!MODEL_NAME.test(model) || !MODEL_VERSION.test(version)) return undefined;
    const path = join(this.#versionFolder(model, version), ENTRY);
    if (!existsSync(path)) return undefined;
    try {
      const entry = entrySchema.parse(JSON.parse(readFileSync(path, "utf8")));
      if (entry.card.model === model && entry.card.version === version) return entry;
      throw new Error(`it is the card of ${entry.card.model} ${entry.card.version}`);
    } catch (error) {
      this.#onProblem(`${path} cannot be read (${String(error)}): this version is left out`);
      return undefined;
    }
  }

  #registered({ card, sha256, bytes, registeredMicros }: Entry): RegisteredModel {
    const standing = this.#standing(card.model);
    const status = statusOf(standing, card.version);
    const quarantine = quarantineOf(standing, card.version);
    return { card, sha256, bytes, registeredMicros, status, quarantine };
  }

  #versions(model: string): string[] {
    const folder = join(this.#folder, model);
    // People leave files of their own there.
    if (!isFolder(folder)) return [];
    return namesIn(folder).filter((name) => MODEL_VERSION.test(name) && isFolder(join(folder, name)));
  }

  /** Beside the versions' folders: a version may have any name. */
  #standingPath(model: string): string {
    return join(this.#folder, `${model}${STANDING}`);
  }

  #versionFolder(model: string, version: string): string {
    return join(this.#folder, model, version);
  }

  #sound(entry: Entry, content: Uint8Array, sha256: string): Result<Uint8Array, "model-damaged"> {
    if (sha256 === entry.sha256) return ok(content);
    return this.#damaged(entry, `its bytes have the hash ${sha256}, not ${entry.sha256}`);
  }

  #damaged({ card }: Entry, what: string): Failure<"model-damaged"> {
    return failure(
      "model-damaged",
      `${card.model} ${card.version} in ${this.#folder} is damaged: ${what}. It is not used; register it again`,
    );
  }

  /** @param unfinished what may be there of it where it failed: it would take the space that is missing */
  #writing<T>(unfinished: readonly string[], write: () => Result<T, ModelFailure>): Result<T, ModelFailure> {
    try {
      return write();
    } catch (error) {
      for (const path of unfinished) clearAway(path);
      const why = error instanceof Error ? error.message : String(error);
      return failure(
        "registry-unwritable",
        `cannot write in ${this.#folder}: ${why}. Nothing was changed; free some space, or mend its rights`,
      );
    }
  }
}

function unknownModel(model: string, version: string): Failure<"unknown-model"> {
  return failure(
    "unknown-model",
    `there is no ${model} ${version}: "tickforge models list" shows what there is`,
  );
}

function standingIn(path: string): Result<Standing, "unreadable"> {
  try {
    return ok(standingSchema.parse(JSON.parse(readFileSync(path, "utf8"))));
  } catch (error) {
    return failure("unreadable", String(error));
  }
}

function clearAway(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It is not seen, and the next try writes over it.
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function writeSynced(path: string, content: Uint8Array): void {
  const file = openSync(path, "w");
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
