// What has to be known at once: the connection is lost, or the system says that it failed.

import type { VNode } from "preact";
import { usePage } from "./context.ts";
import { Icon } from "./icons.tsx";

export function Banner(): VNode | null {
  const { store, now, retryNow } = usePage();
  const connection = store.connection.value;
  const health = store.health.value;
  if (connection.kind === "open") {
    const failure = health?.status === "failed" ? health.journal.trouble || health.problems[0] : undefined;
    if (failure === undefined) return null;
    return (
      <div class="banner is-bad" role="alert">
        <Icon name="warning" />
        <span>{failure}</span>
      </div>
    );
  }
  // The very first attempt shows itself in the page's own empty places.
  if (connection.failures === 0) return null;
  const waitSeconds =
    connection.kind === "waiting"
      ? Math.max(0, Math.ceil((connection.retryAtMillis - now.value) / 1_000))
      : 0;
  return (
    <div class="banner" role="alert">
      <Icon name="offline" />
      <span>
        {connection.kind === "waiting" ? (
          <>
            Connection lost. What you see is old. Next attempt in <b class="num">{waitSeconds} s</b>.
          </>
        ) : (
          "Connecting again …"
        )}
      </span>
      <button type="button" class="button" onClick={retryNow} disabled={connection.kind === "connecting"}>
        Retry now
      </button>
    </div>
  );
}
