// What a person may do to a version of a model, and how the page asks whether it is meant.

import type { ModelDeedAnswer } from "../../api/model-standing.ts";
import type { ModelRow } from "./model-rows.ts";

const VERBS = ["promote", "rollback", "retire"] as const;
type Verb = (typeof VERBS)[number];

export interface ModelWish {
  readonly verb: Verb;
  readonly model: string;
  /** Of a rollback the version that votes now. */
  readonly version: string;
  /** The version of the model that votes now; "" where none does. */
  readonly champion: string;
}

export const VERB_WORDS: Readonly<Record<Verb, string>> = {
  promote: "Let it vote",
  rollback: "Roll back",
  retire: "Retire",
};

const VERBS_OF: Readonly<Record<ModelRow["status"], readonly Verb[]>> = {
  champion: ["rollback"],
  shadow: ["promote", "retire"],
  quarantined: ["promote", "retire"],
  retired: [],
  rule: [],
  asked: [],
};

/** What may be wished for the version of a row; nothing for rules. */
export function wishesOf(row: ModelRow, rows: readonly ModelRow[]): ModelWish[] {
  const { version, status } = row;
  if (version === undefined) return [];
  const champion =
    rows.find((each) => each.status === "champion" && each.version?.model === version.model)?.version
      ?.version ?? "";
  return VERBS_OF[status].map((verb) => Object.assign({ verb, champion }, version));
}

/** Asked before it is done. */
export function questionOf({ verb, model, version, champion }: ModelWish): { title: string; text: string } {
  switch (verb) {
    case "promote":
      return {
        title: `Let ${model} ${version} vote?`,
        text:
          (champion === ""
            ? "No version of it votes now."
            : `${model} ${champion}, which votes now, becomes a shadow: it is asked and scored on.`) +
          " The running system takes it up within seconds, without a restart.",
      };
    case "rollback":
      return {
        title: `Roll ${model} back?`,
        text:
          `The version that voted before ${version} votes again within seconds, and ${version} becomes a shadow. Versions that were ` +
          "retired are passed over.",
      };
    case "retire":
      return {
        title: `Retire ${model} ${version}?`,
        text: "It is asked and scored no more. Its file stays: “tickforge models promote --even-retired” takes it back.",
      };
  }
}

export function doneText({ model, version, status }: ModelDeedAnswer): string {
  return status === "champion"
    ? `${model} ${version} votes within seconds.`
    : `${model} ${version} is retired.`;
}
