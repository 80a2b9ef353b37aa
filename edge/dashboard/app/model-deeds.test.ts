// What is offered for which version, how it is asked, and what the page makes of the answer.

import { describe, expect, test } from "bun:test";
import { Api } from "./api.ts";
import { ChartFeed } from "./chart-feed.ts";
import { doneText, questionOf, wishesOf } from "./model-deeds.ts";
import type { ModelRow } from "./model-rows.ts";
import { Session } from "./session.ts";
import { Store } from "./store.ts";

function row(model: string, version: string, status: ModelRow["status"]): ModelRow {
  return {
    name: `${model} ${version}`,
    version: { model, version },
    member: "lightgbm",
    status,
    event: "up",
    horizonSeconds: 300,
    live: undefined,
  };
}

const ROWS = [
  row("trees", "1", "champion"),
  row("trees", "2", "shadow"),
  row("lstm", "1", "shadow"),
  { ...row("chaos", "", "rule"), version: undefined },
];

describe("what may be done to a version", () => {
  test("is to go back from who votes, to promote or retire who does not, and nothing to rules", () => {
    expect(ROWS.map((each) => wishesOf(each, ROWS).map(({ verb }) => verb))).toEqual([
      ["rollback"],
      ["promote", "retire"],
      ["promote", "retire"],
      [],
    ]);
  });

  test("is asked about with the names of those it is done to", () => {
    const [promote, retire] = wishesOf(ROWS[1]!, ROWS);
    expect(questionOf(promote!).title).toBe("Let trees 2 vote?");
    expect(questionOf(promote!).text).toStartWith("trees 1, which votes now, becomes a shadow");
    expect(questionOf(retire!).title).toBe("Retire trees 2?");
    expect(questionOf(wishesOf(ROWS[2]!, ROWS)[0]!).text).toStartWith("No version of it votes now.");
    expect(questionOf(wishesOf(ROWS[0]!, ROWS)[0]!).text).toContain("voted before 1 votes again");
  });

  test("is told when it is done", () => {
    expect(doneText({ model: "trees", version: "2", status: "champion", by: "ann" })).toBe(
      "trees 2 votes within seconds.",
    );
    expect(doneText({ model: "trees", version: "2", status: "retired", by: "ann" })).toBe(
      "trees 2 is retired.",
    );
  });
});

/** Nothing is put off here. */
function after(): () => void {
  return () => undefined;
}

/** A page over a server of the test's own. */
function pageOf(answer: () => Response): { store: Store; session: Session; sent: string[] } {
  const sent: string[] = [];
  const store = new Store();
  const api = new Api((path, body) => {
    sent.push(`${path} ${body ?? ""}`);
    return Promise.resolve(answer());
  });
  const chart = new ChartFeed({ fetchBars: (wish) => api.bars(wish), after, draw: () => undefined });
  const socket = { send: () => undefined, close: () => undefined };
  const ports = { connect: () => socket, nowMillis: () => 0, after, random: () => 0 };
  return { store, sent, session: new Session({ store, api, chart, ports, isVisible: () => true }) };
}

describe("a confirmed wish", () => {
  const [promote] = wishesOf(ROWS[1]!, ROWS);
  const [rollback] = wishesOf(ROWS[0]!, ROWS);

  test("is sent once, whoever clicks twice, and what came of it is said", async () => {
    const done = { model: "trees", version: "2", status: "champion", by: "dashboard" };
    const { store, session, sent } = pageOf(() => Response.json(done));
    store.wish(promote);
    await Promise.all([session.doModelWish(promote!), session.doModelWish(promote!)]);
    expect(sent).toEqual(['api/v1/models/trees/promote {"version":"2","by":"dashboard"}']);
    expect(store.modelWish.value).toBeUndefined();
    expect(store.modelNotice.value).toBe("trees 2 votes within seconds.");
  });

  test("that is refused stays open with the reason in words", async () => {
    const detail = "trees has no earlier champion that could vote again";
    const { store, session, sent } = pageOf(() => Response.json({ detail }, { status: 409 }));
    store.wish(rollback);
    await session.doModelWish(rollback!);
    expect(sent).toEqual(['api/v1/models/trees/rollback {"by":"dashboard"}']);
    expect(store.modelWish.value).toBe(rollback);
    expect(store.modelDeed.value).toEqual({ isBusy: false, trouble: detail });
    store.wish(undefined);
    await session.doModelWish(rollback!);
    expect(store.modelNotice.value).toBe(detail);
  });
});
