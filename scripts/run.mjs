// Runs a TypeScript entry on the pinned Bun, installing the packages first where they are missing or outdated. Plain
// JavaScript that needs nothing but Node 20+ or Bun, because on a fresh machine it is the first thing that runs.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
/** Names the lock file that the packages in node_modules were installed from. */
const stampFile = join(modules, ".tickforge-lock");
const CALLER_POLL_MILLISECONDS = 100;
/** How long an engine may take to save its state when its caller is gone. */
const CLOSING_MILLISECONDS_MAX = 5_000;
const isWindows = process.platform === "win32";

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(root, "bun.lock")))
    .digest("hex");
}

function isInstalled() {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8").trim() === lockHash();
}

function pinnedVersion() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.bun;
}

function answers(binary) {
  return (
    existsSync(binary) && spawnSync(binary, ["--version"], { stdio: "ignore", timeout: 20_000 }).status === 0
  );
}

/**
 * The Bun in node_modules: the package's own binary, or the one of the platform package it would have been copied from,
 * where installation scripts are switched off.
 */
function installedBun() {
  // Without its installation script the package holds a text in the binary's place: only a real one is large.
  const own = join(modules, "bun", "bin", "bun.exe");
  if (existsSync(own) && statSync(own).size > 1 << 20) return own;
  const vendor = join(modules, "@oven");
  const names = existsSync(vendor) ? readdirSync(vendor).sort() : [];
  // Variants for other processors and C libraries lie side by side: the first that runs is right.
  return names.map((name) => join(vendor, name, "bin", isWindows ? "bun.exe" : "bun")).find(answers);
}

function installer() {
  if (process.versions.bun !== undefined) return { command: process.execPath, args: [], shell: false };
  const bun = installedBun();
  if (bun !== undefined) return { command: bun, args: [], shell: false };
  // npx is a command file on Windows, which only a shell starts.
  return { command: "npx", args: ["--yes", `bun@${pinnedVersion()}`], shell: isWindows };
}

function install() {
  const { command, args, shell } = installer();
  console.error("Installing packages (only needed once and after updates) ...");
  const done = spawnSync(command, [...args, "install", "--frozen-lockfile"], {
    cwd: root,
    shell,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (done.status === 0) {
    writeFileSync(stampFile, `${lockHash()}\n`);
    return;
  }
  console.error(`${done.stdout ?? ""}${done.stderr ?? ""}${done.error?.message ?? ""}`.trim());
  console.error(
    "Could not install the packages. Check the network connection and that this folder can be written, then try again.",
  );
  process.exit(1);
}

/** Starts the entry and ends as it ends. Signals go on to it: it closes its files before it leaves. */
function start(bun, args) {
  // The flag ends Bun when this process is killed outright.
  const child = spawn(bun, ["--no-orphans", ...args], { stdio: "inherit" });
  if (process.env.npm_lifecycle_event !== undefined) endWithCaller(child);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // A terminal sends its interrupt to the whole group, so the child has this one already.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`Could not start ${bun}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
}

/**
 * The process that stands for `npm start` or `bun run start` in the eyes of who called it, as `pid of parent`: the parent, or
 * npm behind the shell that it starts scripts with. Where there is no /proc, only the parent is seen.
 */
function caller() {
  const parent = process.ppid;
  try {
    if (!readFileSync(`/proc/${parent}/comm`, "utf8").trim().endsWith("sh")) return `${parent}`;
    const stat = readFileSync(`/proc/${parent}/stat`, "utf8");
    return `${parent} of ${stat.slice(stat.lastIndexOf(")")).split(" ")[2]}`;
  } catch {
    return `${parent}`;
  }
}

/**
 * Ends the child when npm or `bun run` is gone: an engine left behind would hold the data folder, and npm does not pass signals
 * through its shell. Without them the parent is somebody's own shell, and what it started may outlive it.
 */
function endWithCaller(child) {
  const before = caller();
  const timer = setInterval(() => {
    if (caller() === before) return;
    clearInterval(timer);
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), CLOSING_MILLISECONDS_MAX).unref();
  }, CALLER_POLL_MILLISECONDS);
  timer.unref();
}

function main() {
  const args = process.argv.slice(2);
  if (args.length === 0) {
    console.error("usage: node scripts/run.mjs <entry.ts> [arguments]");
    process.exit(2);
  }
  if (!isInstalled()) install();
  const bun = installedBun();
  if (bun === undefined) {
    console.error("The pinned Bun is not in node_modules. Remove the node_modules folder and try again.");
    process.exit(1);
  }
  start(bun, args);
}

main();
