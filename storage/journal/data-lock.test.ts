// Two processes on one data folder would write into each other's journal. The second one is told who holds it, and a killed
// holder leaves nothing behind that has to be cleaned up.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockDataFolder } from "./data-lock.ts";

/** Longer than a process takes to start, shorter than it waits for the lock. */
const LEAVES_AFTER_MILLISECONDS = 200;

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickforge-lock-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function startHolder(directory: string) {
  const fixture = join(import.meta.dir, "data-lock.fixture.ts");
  const command = [process.execPath, "--no-orphans", fixture, directory];
  return Bun.spawn(command, { stdio: ["pipe", "pipe", "inherit"] });
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const { value } = await stream.getReader().read();
  return new TextDecoder().decode(value).trim();
}

describe("lockDataFolder", () => {
  test("creates the folder and gives it back", () => {
    const nested = join(folder, "new", "data");
    const first = lockDataFolder(nested);
    expect(first.ok).toBe(true);
    if (first.ok) first.value.release();
    const second = lockDataFolder(nested);
    expect(second.ok).toBe(true);
    if (second.ok) second.value.release();
  });

  test("refuses a second holder in the same process", () => {
    const first = lockDataFolder(folder);
    expect(lockDataFolder(folder)).toMatchObject({ ok: false, code: "data-locked" });
    if (first.ok) first.value.release();
  });

  test("names the process that holds it and says what to do", async () => {
    const holder = startHolder(folder);
    expect(await firstLine(holder.stdout)).toBe("locked");
    const refused = lockDataFolder(folder);
    holder.kill("SIGKILL");
    await holder.exited;
    expect(refused).toMatchObject({ ok: false, code: "data-locked", recoverable: true });
    if (!refused.ok) {
      expect(refused.message).toContain(`process ${holder.pid}, running since 20`);
      expect(refused.message).toContain(folder);
      expect(refused.message).toContain("--data");
    }
  });

  test("lasts although nobody keeps what it gave back", async () => {
    const holder = startHolder(folder);
    const lines = holder.stdout.getReader();
    await lines.read();
    await holder.stdin.write("collect\n");
    await holder.stdin.flush();
    await lines.read();
    const refused = lockDataFolder(folder);
    holder.kill("SIGKILL");
    await holder.exited;
    expect(refused).toMatchObject({ ok: false, code: "data-locked" });
  });

  test("is free again as soon as a killed holder is gone", async () => {
    const holder = startHolder(folder);
    expect(await firstLine(holder.stdout)).toBe("locked");
    holder.kill("SIGKILL");
    await holder.exited;
    const lock = lockDataFolder(folder);
    expect(lock.ok).toBe(true);
    if (lock.ok) lock.value.release();
  });

  test("a holder that leaves within the moment it is asked for is waited for", async () => {
    const lock = lockDataFolder(folder);
    const other = startHolder(folder);
    // Its first words come when it has the lock, or has been refused it.
    const answer = firstLine(other.stdout);
    await Bun.sleep(LEAVES_AFTER_MILLISECONDS);
    if (lock.ok) lock.value.release();
    expect(await answer).toBe("locked");
    other.kill("SIGKILL");
    await other.exited;
  });

  test("the other process is refused while this one holds it", async () => {
    const lock = lockDataFolder(folder);
    const other = startHolder(folder);
    expect(await firstLine(other.stdout)).toBe("data-locked");
    await other.exited;
    if (lock.ok) lock.value.release();
  });

  test("releasing twice leaves the next holder alone", () => {
    const first = lockDataFolder(folder);
    if (first.ok) first.value.release();
    const second = lockDataFolder(folder);
    if (first.ok) first.value.release();
    expect(existsSync(join(folder, "lock.json"))).toBe(true);
    expect(lockDataFolder(folder)).toMatchObject({ code: "data-locked" });
    if (second.ok) second.value.release();
  });

  test("says what is wrong with a folder that cannot be one", () => {
    const file = join(folder, "file");
    writeFileSync(file, "not a folder");
    const refused = lockDataFolder(file);
    expect(refused).toMatchObject({ ok: false, code: "data-unwritable" });
    if (!refused.ok) expect(refused.message).toContain(file);
  });

  test("a damaged lock file is reported, not taken", () => {
    writeFileSync(
      join(folder, "lock.db"),
      "this is no database at all, but long enough to be read as one".repeat(20),
    );
    expect(lockDataFolder(folder)).toMatchObject({ ok: false, code: "data-unwritable" });
  });
});
