// What every store of leases must do.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Leases } from "../../actors/ports/leases.ts";

const TTL_MILLIS = 60_000;

export interface OpenedLeases {
  readonly leases: Leases;
  /** Lets `millis` pass, and a little more. */
  readonly pass: (millis: number) => Promise<void> | void;
  readonly close?: () => Promise<void> | void;
}

export function describeLeases(name: string, open: () => Promise<OpenedLeases>): void {
  describe(`leases: ${name}`, () => {
    let opened: OpenedLeases;
    let leases: Leases;
    beforeAll(async () => {
      opened = await open();
      ({ leases } = opened);
    }, 60_000);
    afterAll(async () => await opened.close?.());

    test("one holds it, and all can see who", async () => {
      const lease = await leases.acquire("a", "ann with a name", TTL_MILLIS);
      expect(lease).toMatchObject({ name: "a", holder: "ann with a name" });
      expect(await leases.acquire("a", "bob", TTL_MILLIS)).toBeUndefined();
      expect(await leases.acquire("a", "ann with a name", TTL_MILLIS)).toBeUndefined();
      expect(await leases.holderOf("a")).toBe("ann with a name");
      expect(await leases.holderOf("b")).toBeUndefined();
    });

    test("of many who want it at once, one gets it", async () => {
      const got = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => await leases.acquire("race", `w${index}`, TTL_MILLIS)),
      );
      expect(got.filter((lease) => lease !== undefined)).toHaveLength(1);
    });

    test("given back, it is free; given back again, it is nobody's to give", async () => {
      const lease = (await leases.acquire("c", "ann", TTL_MILLIS))!;
      expect(await leases.release(lease)).toBe(true);
      expect(await leases.release(lease)).toBe(false);
      const next = await leases.acquire("c", "bob", TTL_MILLIS);
      expect(next?.token).not.toBe(lease.token);
      expect(await leases.release(lease)).toBe(false);
      expect(await leases.renew(lease, TTL_MILLIS)).toBe(false);
      expect(await leases.holderOf("c")).toBe("bob");
    });

    test("it ends with its time unless it is renewed", async () => {
      const short = (await leases.acquire("short", "ann", 80))!;
      const renewed = (await leases.acquire("renewed", "ann", 80))!;
      expect(await leases.renew(renewed, TTL_MILLIS)).toBe(true);
      await opened.pass(80);
      expect(await leases.renew(short, TTL_MILLIS)).toBe(false);
      expect(await leases.holderOf("short")).toBeUndefined();
      expect(await leases.holderOf("renewed")).toBe("ann");
      expect(await leases.acquire("short", "bob", TTL_MILLIS)).toBeDefined();
      expect(await leases.acquire("renewed", "bob", TTL_MILLIS)).toBeUndefined();
    });
  });
}
