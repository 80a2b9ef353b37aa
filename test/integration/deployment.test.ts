// The container files hold together: everything they name is there, nothing floats, and every figure that is drawn or alarmed on
// is one that Tickforge tells.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";

const root = join(import.meta.dir, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string().optional(),
      build: z.object({ dockerfile: z.string() }).optional(),
      environment: z.record(z.string(), z.string()).optional(),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
      ports: z.array(z.string()).optional(),
      volumes: z.array(z.string()).optional(),
      secrets: z.array(z.string()).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
      restart: z.string(),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.object({ environment: z.string() })),
});

const compose = composeSchema.parse(Bun.YAML.parse(read("docker-compose.yml")));
const services = Object.entries(compose.services);

describe("docker-compose.yml", () => {
  test("names every system of the house", () => {
    const names = services.map(([name]) => name);
    for (const name of [
      "tickforge",
      "dragonfly",
      "clickhouse",
      "weaviate",
      "arangodb",
      "postgres",
      "nats",
      "prometheus",
      "grafana",
    ]) {
      expect(names).toContain(name);
    }
  });

  test("pins every image, checks every server's health, and shows ports to this machine only", () => {
    for (const [name, service] of services) {
      if (service.image !== undefined)
        expect([name, service.image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+/)]);
      if (service.image !== undefined) expect([name, service.healthcheck]).not.toEqual([name, undefined]);
      for (const port of service.ports ?? []) expect(port).toStartWith("127.0.0.1:");
    }
  });

  test("declares its volumes and secrets, and mounts files that are there", () => {
    for (const [, service] of services) {
      for (const mount of service.volumes ?? []) {
        const [from = ""] = mount.split(":");
        if (from.startsWith("./")) expect([from, existsSync(join(root, from))]).toEqual([from, true]);
        else expect(Object.keys(compose.volumes)).toContain(from);
      }
      for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(secret);
      for (const other of Object.keys(service.depends_on ?? {}))
        expect(Object.keys(compose.services)).toContain(other);
      if (service.build !== undefined) expect(existsSync(join(root, service.build.dockerfile))).toBe(true);
    }
  });

  test("runs DragonflyDB as jobs and streams need it: keys by hash tag, nothing evicted", () => {
    const text = read("docker-compose.yml");
    for (const flag of ["--cluster_mode=emulated", "--lock_on_hashtags", "--cache_mode=false"])
      expect(text).toContain(flag);
  });

  test("asks for secrets that the example of an environment file names", () => {
    const known = new Set([...read(".env.example").matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name));
    const asked = [...read("docker-compose.yml").matchAll(/\$\{([A-Z_]+)(?::[-?][^}]*)?\}/g)].map(
      ([, name]) => name ?? "",
    );
    const urls = /_URL$/;
    expect(asked.filter((name) => !known.has(name) && !urls.test(name))).toEqual([]);
  });
});

describe("figures and alerts", () => {
  let rig: EdgeRig;
  let told = "";
  beforeAll(async () => {
    rig = await startEdge();
    told = String((await rig.ask("/metrics")).body);
  });
  afterAll(async () => await rig.stop());

  for (const path of ["scripts/deploy/alerts.yml", "scripts/deploy/grafana/tickforge.json"]) {
    test(`${path} speaks of figures that are told`, () => {
      const names = new Set([...read(path).matchAll(/tickforge_[a-z_]+/g)].map(([name]) => name));
      expect(names.size).toBeGreaterThan(4);
      for (const name of names) expect([name, told.includes(`# HELP ${name} `)]).toEqual([name, true]);
    });
  }

  test("each alert says what to do", () => {
    const alertsSchema = z.object({
      groups: z.array(
        z.object({
          rules: z.array(
            z.object({
              alert: z.string(),
              expr: z.string(),
              annotations: z.object({ summary: z.string(), what_to_do: z.string() }),
            }),
          ),
        }),
      ),
    });
    const { groups } = alertsSchema.parse(Bun.YAML.parse(read("scripts/deploy/alerts.yml")));
    expect(groups.flatMap(({ rules }) => rules).length).toBeGreaterThan(5);
  });

  test("the ledger's state is among them", () => {
    expect(told).toContain('tickforge_store_up{store="ledger"} 1');
  });
});
