// What the page sends when somebody trips or re-arms the kill switch, and what it shows of what comes back.

import { expect, test } from "bun:test";
import { KILL_LEVELS, KILL_MODES } from "../../../actors/domain/kill-switch.ts";
import { Api } from "./api.ts";
import { KILL_CHOICES, killName, KillPanel, REACHES, reachName } from "./kill-panel.ts";

const WISH = { level: "tenant", mode: "flatten", reason: "drill" } as const;

function panelOf(answer: () => Response): { panel: KillPanel; sent: string[] } {
  const sent: string[] = [];
  const api = new Api((path, body) => {
    sent.push(`${path} ${body ?? ""}`);
    return Promise.resolve(answer());
  });
  return { panel: new KillPanel(api), sent };
}

test("every mode and reach can be chosen, mildest and narrowest first, and has a name", () => {
  expect(REACHES.map(({ level }) => level)).toEqual([...KILL_LEVELS]);
  expect(reachName("global")).toBe("everything");
  expect(KILL_CHOICES.map(({ mode }) => mode)).toEqual([...KILL_MODES]);
  expect(killName("flatten")).toBe("close everything");
});

test("it is tripped once, whoever clicks twice, and not without the question", async () => {
  const { panel, sent } = panelOf(() => Response.json({ accountId: "paper", trip: null, durable: true }));
  await panel.trip(WISH);
  expect(sent).toEqual([]);
  panel.wishToTrip();
  await Promise.all([panel.trip(WISH), panel.trip(WISH)]);
  expect(sent).toEqual([
    'api/v1/killswitch {"level":"tenant","mode":"flatten","reason":"drill","by":"dashboard"}',
  ]);
  expect(panel.question.value).toBeUndefined();
});

test("a code is asked for, shown, and sent back as it was typed", async () => {
  const { panel, sent } = panelOf(() => Response.json({ code: "ABC234" }));
  await panel.wishToRearm();
  expect(panel.question.value).toEqual({ about: "rearm", code: "ABC234", isBusy: false, trouble: "" });
  await panel.rearm("abc234");
  expect(sent).toEqual([
    'api/v1/killswitch/rearm {"by":"dashboard"}',
    'api/v1/killswitch/rearm {"by":"dashboard","code":"abc234"}',
  ]);
  expect(panel.question.value).toBeUndefined();
});

test("what is refused stays open with the reason in words", async () => {
  const detail = "this is not the code: the kill switch stays tripped";
  const { panel } = panelOf(() => Response.json({ detail }, { status: 403 }));
  await panel.wishToRearm();
  expect(panel.question.value).toMatchObject({ about: "rearm", code: "", trouble: detail });
  await panel.rearm("x");
  expect(panel.question.value).toMatchObject({ isBusy: false, trouble: detail });
});

test("an answer that comes after the question was closed opens nothing", async () => {
  const { panel } = panelOf(() => Response.json({ code: "ABC234" }));
  const asked = panel.wishToRearm();
  panel.close();
  panel.wishToTrip();
  await asked;
  expect(panel.question.value).toMatchObject({ about: "trip", code: "" });
});
