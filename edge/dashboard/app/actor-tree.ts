// The actors in the order of their tree, parents before children.

import type { ActorMessage } from "../../api/schemas.ts";

export interface ActorNode {
  readonly path: string;
  /** Undefined for a mere group: a part of paths that is no actor itself. */
  readonly actor: ActorMessage | undefined;
  readonly depth: number;
  /** What of the path the rows above do not say. */
  readonly name: string;
}

/** Depth first. A group of one is no row of its own; who stands in a circle stands at the root. */
export function actorTree(actors: readonly ActorMessage[]): readonly ActorNode[] {
  const paths = new Set(actors.map(({ path }) => path));
  const children = new Map<string, ActorMessage[]>();
  for (const actor of actors) {
    const parent = actor.parent ?? "";
    children.set(parent, [...(children.get(parent) ?? []), actor]);
  }
  const nodes: ActorNode[] = [];
  const seen = new Set<string>();
  const visit = (actor: ActorMessage, depth: number, above: string): void => {
    if (seen.has(actor.path)) return;
    seen.add(actor.path);
    const { path } = actor;
    nodes.push({
      path,
      actor,
      depth,
      name: path.startsWith(`${above}/`) ? path.slice(above.length + 1) : path,
    });
    for (const child of children.get(path) ?? []) visit(child, depth + 1, path);
  };
  for (const [parent, members] of children) {
    if (paths.has(parent)) continue;
    const isGroup = parent !== "" && members.length > 1;
    if (isGroup) nodes.push({ path: parent, actor: undefined, depth: 0, name: parent });
    for (const member of members) visit(member, isGroup ? 1 : 0, isGroup ? parent : "");
  }
  for (const actor of actors) visit(actor, 0, "");
  return nodes;
}
