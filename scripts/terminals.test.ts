// How a system whose account trades at a terminal is begun: with an account that was enrolled, under a tag that stays.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSettings, type Settings } from "../edge/settings.ts";
import { openTerminals } from "../storage/terminals/store.ts";
import { withTerminal } from "./terminals.ts";

const data = mkdtempSync(join(tmpdir(), "tickforge-broker-"));
afterAll(() => rmSync(data, { recursive: true, force: true }));

function settingsOf(account: Partial<Settings["account"]> = {}, broker = "mt5"): Settings {
  const parsed = parseSettings({ data, broker }, {});
  if (!parsed.ok) throw new Error(parsed.message);
  return { ...parsed.value, account: { ...parsed.value.account, ...account } };
}

test("an account that nobody enrolled is refused, with the way to enrol it", () => {
  const refused = withTerminal(settingsOf({ accountId: "main" }));
  expect(refused).toMatchObject({ ok: false, code: "account-not-enrolled" });
  expect(refused).toHaveProperty("message", expect.stringContaining("tickforge mt5 enrol --account main"));
});

test("the tag of its intents is drawn once; another one in the settings is refused", () => {
  const store = openTerminals({ data, keyHex: undefined });
  if (!store.ok) throw new Error(store.message);
  store.value.addAccount("main");
  store.value.close();
  const first = withTerminal(settingsOf({ accountId: "main" }));
  if (!first.ok) throw new Error(first.message);
  const { intentTag = 0 } = first.value.account.terminal ?? {};
  expect(intentTag).toBeGreaterThan(0);
  expect(withTerminal(settingsOf({ accountId: "main" }))).toMatchObject({
    value: { account: { terminal: { intentTag } } },
  });
  const other = settingsOf({ accountId: "main", terminal: { intentTag: intentTag === 1 ? 2 : 1 } });
  expect(withTerminal(other)).toMatchObject({ ok: false, code: "tags-differ" });
});

test("an account on paper is left as it is", () => {
  const settings = settingsOf({}, "paper");
  expect(withTerminal(settings)).toEqual({ ok: true, value: settings });
});
