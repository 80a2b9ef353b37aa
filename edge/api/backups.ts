// Backups asked for by people: which there are, what is under way, and one more.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { LivePicture } from "../live/live-picture.ts";
import type { Station } from "../main.ts";
import { Problem, QUERY_PROBLEMS } from "./problem.ts";

const stateSchema = z.object({
  /** Whole ones, newest first: folders of the place that the settings name. */
  items: z.array(z.object({ name: z.string() })),
  waiting: z.number().int(),
  running: z.boolean(),
  failed: z.array(z.object({ name: z.string(), reason: z.string(), attempts: z.number().int() })),
});

const askedSchema = z.object({ name: z.string() });

export function addBackups(app: OpenAPIHono, { station }: LivePicture): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/backups",
      summary: "Backups that were made, and what is under way",
      responses: {
        200: { description: "Backups", content: { "application/json": { schema: stateSchema } } },
        503: QUERY_PROBLEMS[503],
      },
    }),
    async (c) => {
      const { names, waiting, running, failed } = await backupsOf(station).state();
      return c.json(
        {
          items: names.map((name) => ({ name })),
          waiting,
          running,
          failed: failed.map(({ id, reason, attempts }) => ({ name: id, reason, attempts })),
        },
        200,
      );
    },
  );
  app.openapi(
    createRoute({
      method: "post",
      path: "/backups",
      summary: "Asks for a backup; it is made beside the running system",
      responses: {
        202: { description: "Its name", content: { "application/json": { schema: askedSchema } } },
        503: QUERY_PROBLEMS[503],
      },
    }),
    async (c) => c.json({ name: await backupsOf(station).ask() }, 202),
  );
}

function backupsOf({ backups }: Station): NonNullable<Station["backups"]> {
  if (backups !== undefined) return backups;
  throw new Problem(503, "no-backups", "no folder for backups is named: set TICKFORGE_BACKUP_FOLDER");
}
