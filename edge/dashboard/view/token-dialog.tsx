// Asks for the server's token where it wants one.

import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { keepToken } from "../app/token.ts";
import { usePage } from "./context.ts";

export function TokenDialog(): VNode | null {
  const { store } = usePage();
  return store.isTokenWanted.value ? <OpenTokenDialog /> : null;
}

function OpenTokenDialog(): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="help token"
      aria-labelledby="token-title"
      onCancel={(event) => event.preventDefault()}
    >
      <form
        class="help-inner"
        onSubmit={(event) => {
          event.preventDefault();
          keepToken(field.current?.value.trim() ?? "");
          location.reload();
        }}
      >
        <div class="pane-head">
          <h2 id="token-title">This server asks for its token</h2>
        </div>
        <p class="dim">
          It can be reached by other machines, so it was started with a secret, TICKFORGE_TOKEN. It is kept
          for this tab only.
        </p>
        <p class="token-field">
          <input ref={field} type="password" aria-label="Token" autocomplete="current-password" required />
          <button type="submit" class="button">
            Open
          </button>
        </p>
      </form>
    </dialog>
  );
}
