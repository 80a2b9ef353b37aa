// What can be done to the version that is looked at, and the question before it is done: who votes decides what is traded.

import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type ModelWish, questionOf, VERB_WORDS, wishesOf } from "../app/model-deeds.ts";
import type { ModelRow } from "../app/model-rows.ts";
import { Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";

const STANDS: Readonly<Record<ModelRow["status"], string>> = {
  champion: "votes",
  shadow: "is asked and scored, and does not vote",
  quarantined: "stopped the process that asked it, and is not asked until it is promoted",
  retired: "is asked no more",
  rule: "is a rule",
  asked: "is asked beside the tick path",
};

/** A line of the table below the row that it is about; null where nothing can be done to it. */
export function ModelDeeds({ row, rows }: { row: ModelRow; rows: readonly ModelRow[] }): VNode | null {
  const { store } = usePage();
  const wishes = wishesOf(row, rows);
  if (wishes.length === 0) return null;
  return (
    <tr class="model-deeds is-open">
      <td colSpan={7}>
        <div>
          <span class="dim">
            {row.name} {STANDS[row.status]}
          </span>
          {wishes.map((wish) => (
            <button key={wish.verb} type="button" class="button" onClick={() => store.wish(wish)}>
              {VERB_WORDS[wish.verb]}
            </button>
          ))}
        </div>
      </td>
    </tr>
  );
}

export function ModelWishDialog(): VNode | null {
  const { store } = usePage();
  const wish = store.modelWish.value;
  return wish === undefined ? null : <OpenModelWishDialog wish={wish} />;
}

function OpenModelWishDialog({ wish }: { wish: ModelWish }): VNode {
  const { store, doModelWish } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const { title, text } = questionOf(wish);
  const { isBusy, trouble } = store.modelDeed.value;
  const close = (): void => store.wish(undefined);
  return (
    <dialog ref={dialog} class="help model-wish" aria-labelledby="model-wish-title" onClose={close}>
      <form
        class="help-inner"
        onSubmit={(event) => {
          event.preventDefault();
          doModelWish(wish);
        }}
      >
        <div class="pane-head">
          <h2 id="model-wish-title">{title}</h2>
        </div>
        <p class="dim">{text}</p>
        {trouble === "" ? "" : <Trouble text={trouble} />}
        <p class="model-wish-buttons">
          <button type="button" class="button" onClick={close}>
            {trouble === "" ? "Cancel" : "Close"}
          </button>
          <button type="submit" class="button is-meant" disabled={isBusy}>
            {isBusy ? "…" : VERB_WORDS[wish.verb]}
          </button>
        </p>
      </form>
    </dialog>
  );
}
