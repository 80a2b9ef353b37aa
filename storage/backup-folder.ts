// The folder that a running system's backups are in: their names tell their times, and only what is called so is looked at or
// removed.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { BACKUP_MANIFEST } from "./backup.ts";

const NAME = /^tickforge-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z$/;
export const PARTIAL_BACKUP = /^tickforge-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.partial$/;

/** What the process that makes a backup is told. */
export const backupOrderSchema = z.strictObject({
  data: z.string(),
  target: z.string(),
  /** How many backups stay in the target's folder. */
  keep: z.number().int().positive(),
  /** Null where no history is kept. */
  timeSeries: z
    .strictObject({
      url: z.string().optional(),
      username: z.string(),
      password: z.string(),
      database: z.string(),
    })
    .nullable(),
});
export type BackupOrder = z.infer<typeof backupOrderSchema>;

export function backupName(millis: number): string {
  return `tickforge-${new Date(millis).toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
}

/** When a backup was begun, in milliseconds since 1970; NaN for what is none. */
export function backupMillis(name: string): number {
  return Date.parse(name.replace(NAME, "$1T$2:$3:$4Z"));
}

/** Names of whole backups, newest first. */
export function backupsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => NAME.test(name) && existsSync(join(folder, name, BACKUP_MANIFEST)))
    .sort()
    .reverse();
}
