// `tickforge models`: which trained models there are, which version of each votes, and what its training says of it. It works on
// the data folder, whether a system runs on it or not.

import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { ModelFailure, RegisteredModel } from "../../actors/ports/models.ts";
import { palette, table } from "../../edge/terminal/table.ts";
import { installBaseline } from "../../storage/models/baseline.ts";
import { parseCard } from "../../storage/models/card.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { type CommonFlags, exitWith, settingsOrExit, valueOrExit, withSettings } from "./common.ts";
import { evaluateCommand } from "./models-evaluate.ts";

interface ModelsFlags extends CommonFlags {
  readonly by?: string;
  readonly evenRetired?: boolean;
}

export function modelsCommand(): Command {
  const command = new Command("models").description(
    "trained models: list, card, evaluate, register, promote, rollback, retire",
  );
  command.addCommand(
    withSettings(new Command("list").description("every version of every model")).action(
      (flags: ModelsFlags) => list(flags),
    ),
  );
  command.addCommand(
    withSettings(
      new Command("card")
        .description("what training says of a version")
        .argument("<model>")
        .argument("<version>"),
    ).action((model: string, version: string, flags: ModelsFlags) => {
      console.log(
        JSON.stringify(versionOrExit(registryOf(flags), model, version), undefined, flags.json ? 0 : 2),
      );
    }),
  );
  command.addCommand(
    withSettings(
      new Command("register")
        .description("make a version known; it is asked and scored, and does not vote")
        .argument("<file>", "the model, ONNX")
        .requiredOption("--card <file>", "its card, JSON"),
    ).action((path: string, flags: ModelsFlags & { card: string }) => {
      const card = valueOrExit(parseCard(valueOrExit(jsonOf(flags.card))));
      const content = valueOrExit(bytesOf(path));
      told(flags, registryOf(flags).register(content, card, nowMicros()), "is registered as a shadow");
    }),
  );
  command.addCommand(evaluateCommand());
  command.addCommand(
    withSettings(
      new Command("baseline").description(
        "put the models that come with the program into the registry; they vote where nobody chose others",
      ),
    ).action((flags: ModelsFlags) => {
      const promoted = valueOrExit(installBaseline(registryOf(flags), nowMicros()));
      if (flags.json) console.log(JSON.stringify({ promoted }));
      else console.log(promoted.length === 0 ? "nothing changed" : `these vote now: ${promoted.join(", ")}`);
    }),
  );
  command.addCommand(
    standing(
      "promote",
      "let a version vote, also one in quarantine; the one that did becomes a shadow",
    ).option("--even-retired", "take a version back that was retired"),
  );
  command.addCommand(standing("retire", "ask a version no more"));
  command.addCommand(
    withSettings(
      withPerson(
        new Command("rollback").description("let the version vote that did before").argument("<model>"),
      ),
    ).action((model: string, flags: ModelsFlags) => {
      told(flags, registryOf(flags).rollback(model, personOf(flags), nowMicros()), "votes again");
    }),
  );
  return command;
}

function standing(verb: "promote" | "retire", description: string): Command {
  return withSettings(
    withPerson(new Command(verb).description(description).argument("<model>").argument("<version>")),
  ).action((model: string, version: string, flags: ModelsFlags) => {
    const models = registryOf(flags);
    const deed = { version, by: personOf(flags), atMicros: nowMicros() };
    if (verb === "retire") told(flags, models.retire(model, deed), "is retired");
    else told(flags, models.promote(model, deed, flags.evenRetired), "votes");
  });
}

function withPerson(command: Command): Command {
  return command.option("--by <name>", "who decides it (default: this machine's user)");
}

function personOf({ by }: ModelsFlags): string {
  return by ?? userInfo().username;
}

function nowMicros(): number {
  return Date.now() * 1_000;
}

function registryOf(flags: ModelsFlags): FileModels {
  const { by: _by, json: _json, evenRetired: _evenRetired, ...given } = flags;
  return new FileModels(join(settingsOrExit(given).data, "models"), (message) => console.error(message));
}

function list(flags: ModelsFlags): void {
  const models = registryOf(flags).list();
  if (flags.json) {
    for (const model of models) console.log(JSON.stringify(model));
    return;
  }
  if (models.length === 0) {
    console.log("no models are registered: rule members vote alone");
    return;
  }
  const columns = [
    "model",
    "version",
    "status",
    "member",
    "event",
    "symbols",
    "trained",
    "cadence",
    "bytes",
    "sha256",
  ].map((title) => ({
    title,
    align: title === "bytes" ? ("right" as const) : ("left" as const),
  }));
  const rows = models.map(({ card, status, bytes, sha256 }) => [
    card.model,
    card.version,
    status,
    card.member,
    card.event,
    card.symbols?.join(",") ?? "any",
    card.trainedAt.slice(0, 10),
    card.cadence,
    String(bytes),
    sha256.slice(0, 16),
  ]);
  for (const line of table(columns, rows, palette(process.stdout.isTTY))) console.log(line);
  for (const { card, quarantine } of models) {
    if (quarantine === null) continue;
    const since = new Date(quarantine.atMicros / 1_000).toISOString();
    console.log(`${card.model} ${card.version} is in quarantine since ${since}: ${quarantine.reason}`);
  }
}

function versionOrExit(models: FileModels, model: string, version: string): RegisteredModel {
  const found = models.list(model).find(({ card }) => card.version === version);
  return (
    found ??
    exitWith(failure("unknown-model", `there is no ${model} ${version}: see "tickforge models list"`))
  );
}

function told(flags: ModelsFlags, result: Result<RegisteredModel, ModelFailure>, what: string): void {
  const registered = valueOrExit(result);
  const { card } = registered;
  console.log(flags.json ? JSON.stringify(registered) : `${card.model} ${card.version} ${what}`);
}

function jsonOf(path: string): Result<unknown, "card-unreadable"> {
  try {
    return ok(JSON.parse(readFileSync(path, "utf8")) as unknown);
  } catch (error) {
    return failure("card-unreadable", `cannot read the card ${path}: ${String(error)}`);
  }
}

function bytesOf(path: string): Result<Uint8Array, "model-unreadable"> {
  try {
    return ok(readFileSync(path));
  } catch (error) {
    return failure("model-unreadable", `cannot read the model ${path}: ${String(error)}`);
  }
}
