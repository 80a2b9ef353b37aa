// A thread that raises its priority and says what became of it.

import { getPriority } from "node:os";
import { raiseThreadPriority } from "./thread-priority.ts";

export interface Raised {
  readonly before: number;
  readonly raised: boolean;
  readonly after: number;
  readonly afterLower: number;
}

declare const self: {
  onmessage: ((event: { data: number }) => void) | null;
  postMessage: (word: Raised) => void;
};

self.onmessage = ({ data }) => {
  const before = getPriority(0);
  const raised = raiseThreadPriority(data);
  const after = getPriority(0);
  raiseThreadPriority(data + 5);
  self.postMessage({ before, raised, after, afterLower: getPriority(0) });
};
