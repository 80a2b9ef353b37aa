// Tells people which members the drift gate switches off and on, by looking every few seconds: actors say it in no record, since
// whoever has the journal finds it again.

import type { SwitchedOff } from "../actors/chain/gate/quality-gate.ts";
import type { Engine } from "../actors/engine.ts";

export class GateWatch {
  readonly #tell: (message: string) => void;
  /** By symbol: who was off when it was last looked. */
  readonly #off = new Map<string, readonly SwitchedOff[]>();

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  /** Call every few seconds. */
  look(engine: Pick<Engine, "config"> & { symbol(id: number): Watched | undefined }): void {
    for (const { id, symbol } of engine.config.instruments) {
      const chain = engine.symbol(id)?.chain;
      if (chain === undefined) continue;
      const before = this.#off.get(symbol) ?? [];
      const now = chain.switchedOff;
      if (before.length === 0 && now.length === 0) continue;
      this.#off.set(symbol, now);
      const gone = membersOf(
        now.filter(({ member, why }) => why === "answers" && !isIn(before, member, why)),
      );
      if (gone !== "") this.#tell(`${symbol}: ${gone} off: answers of late were worse than none`);
      const shifted = membersOf(
        now.filter(({ member, why }) => why === "quoting" && !isIn(before, member, why)),
      );
      if (shifted !== "") {
        const { latest, usual } = chain.quoting;
        this.#tell(
          `${symbol}: ${shifted} off: it is quoted in another manner, ${percent(latest)} of changes of the mid go on in ` +
            `their direction and usually ${percent(usual)} do`,
        );
      }
      const back = membersOf(before.filter(({ member }) => !now.some((each) => each.member === member)));
      if (back !== "") this.#tell(`${symbol}: ${back} on again`);
    }
  }
}

interface Watched {
  readonly chain: {
    readonly switchedOff: readonly SwitchedOff[];
    readonly quoting: { readonly latest: number; readonly usual: number };
  };
}

function isIn(members: readonly SwitchedOff[], member: string, why: string): boolean {
  return members.some((each) => each.member === member && each.why === why);
}

function membersOf(members: readonly SwitchedOff[]): string {
  return members.map(({ member }) => member).join(", ");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
