// The kill switch: the button that is always in reach, the question before it acts, and the banner while it is tripped.

import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { KillLevel, KillMode } from "../../../actors/domain/kill-switch.ts";
import { KILL_CHOICES, killName, type KillQuestion, REACHES, reachName } from "../app/kill-panel.ts";
import { Time, Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";
import { Icon } from "./icons.tsx";

export function KillButton(): VNode {
  const { kill } = usePage();
  return (
    <button
      type="button"
      class="button is-grave"
      onClick={() => kill.wishToTrip()}
      aria-label="Kill switch"
      title="Kill switch: halt entries or close everything"
    >
      Stop
    </button>
  );
}

export function KillBanner(): VNode | null {
  const { store, kill } = usePage();
  const trip = store.account.value?.trip ?? null;
  if (trip === null) return null;
  return (
    <div class="banner is-bad kill-banner" role="alert">
      <Icon name="warning" />
      <span>
        <b>
          Kill switch{trip.level === "account" ? "" : ` for ${reachName(trip.level)}`}: {killName(trip.mode)}.
        </b>{" "}
        {trip.by}, <Time iso={trip.time} />: {trip.reason}
      </span>
      <button type="button" class="button" onClick={() => void kill.wishToRearm()}>
        Re-arm …
      </button>
    </div>
  );
}

export function KillDialog(): VNode | null {
  const { kill } = usePage();
  const question = kill.question.value;
  return question === undefined ? null : <OpenKillDialog question={question} />;
}

function OpenKillDialog({ question }: { question: KillQuestion }): VNode {
  const { kill } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const isTrip = question.about === "trip";
  return (
    <dialog
      ref={dialog}
      class="help model-wish kill-dialog"
      aria-labelledby="kill-title"
      onClose={() => kill.close()}
    >
      <form
        class="help-inner"
        onSubmit={(event) => {
          event.preventDefault();
          const given = new FormData(event.currentTarget);
          if (isTrip) {
            const [level, mode] = [given.get("level") as KillLevel, given.get("mode") as KillMode];
            void kill.trip({ level, mode, reason: textOf(given, "reason") });
          }
          if (!isTrip) void kill.rearm(textOf(given, "code"));
        }}
      >
        <div class="pane-head">
          <h2 id="kill-title">{isTrip ? "Trip the kill switch?" : "Let entries in again?"}</h2>
        </div>
        {isTrip ? <TripFields /> : <RearmFields code={question.code} />}
        {question.trouble === "" ? "" : <Trouble text={question.trouble} />}
        <p class="model-wish-buttons">
          <button type="button" class="button" onClick={() => kill.close()}>
            Cancel
          </button>
          <button
            type="submit"
            class={`button ${isTrip ? "is-grave" : "is-meant"}`}
            disabled={question.isBusy || (!isTrip && question.code === "")}
          >
            {question.isBusy ? "…" : isTrip ? "Trip it" : "Re-arm"}
          </button>
        </p>
      </form>
    </dialog>
  );
}

function TripFields(): VNode {
  return (
    <>
      <fieldset class="kill-modes">
        <legend class="dim">Re-arming it takes a code. A switch that is tripped only gets stricter.</legend>
        {KILL_CHOICES.map(({ mode, name, text }, index) => (
          <label key={mode}>
            <input type="radio" name="mode" value={mode} defaultChecked={index === 0} />
            <span>
              <b>{name}</b>
              <span class="dim">{text}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <label class="kill-reach">
        For{" "}
        <select name="level">
          {REACHES.map(({ level, name }) => (
            <option key={level} value={level}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <input name="reason" class="kill-field" placeholder="Why" aria-label="Why" maxLength={200} required />
    </>
  );
}

function RearmFields({ code }: { code: string }): VNode {
  return (
    <>
      <p class="dim">Look at why it was tripped first. Type this code within a minute:</p>
      <p class="kill-code num" aria-label="Code">
        {code === "" ? "……" : code}
      </p>
      <input
        name="code"
        class="kill-field num"
        placeholder="Code"
        aria-label="Type the code"
        autocomplete="off"
        maxLength={32}
        required
      />
    </>
  );
}

function textOf(given: FormData, name: string): string {
  const value = given.get(name);
  return typeof value === "string" ? value.trim() : "";
}
