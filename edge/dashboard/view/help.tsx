// Help over the page: the keys, what the colours mean, and whose charts these are.

import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { KEY_HELP } from "../app/keys.ts";
import { usePage } from "./context.ts";
import { Icon } from "./icons.tsx";

export function Help(): VNode | null {
  const { store } = usePage();
  return store.isHelpOpen.value ? <HelpDialog /> : null;
}

function HelpDialog(): VNode {
  const { store } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  const close = (): void => {
    store.isHelpOpen.value = false;
  };
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="help-inner">
        <div class="pane-head">
          <h2 id="help-title">Keyboard</h2>
          <button type="button" class="button-icon" onClick={close} aria-label="Close">
            <Icon name="close" />
          </button>
        </div>
        <dl class="keys">
          {KEY_HELP.map(([keys, meaning]) => (
            <div key={meaning}>
              <dt>
                {keys.map((key) => (key === "–" ? <span key={key}>–</span> : <kbd key={key}>{key}</kbd>))}
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <p class="dim">
          Drag the chart to the right for older bars. Arrows beside bars are signals, circles are entries and
          squares exits at the price they were filled at. Directions are told by sign and arrow as well as by
          colour. Times are your own zone's; hover over one for UTC.
        </p>
        <p class="dim">
          Interface: <a href="/api/docs">documentation</a>. Charts by{" "}
          <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
            TradingView Lightweight Charts™
          </a>
          , © TradingView, Inc.
        </p>
      </div>
    </dialog>
  );
}
