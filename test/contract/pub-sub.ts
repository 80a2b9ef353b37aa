// What every way to pass messages must do.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { PubSub, TopicListener } from "../../actors/ports/pub-sub.ts";
import { eventually } from "../fixtures/eventually.ts";

export class Ear implements TopicListener {
  readonly heard: string[] = [];
  losses = 0;
  message(text: string): void {
    this.heard.push(text);
  }
  missed(): void {
    this.losses++;
  }
}

export interface OpenedPubSub {
  readonly pubSub: PubSub;
  /** Another process's. */
  readonly other: PubSub;
  readonly close?: () => Promise<void> | void;
}

export function describePubSub(name: string, open: () => Promise<OpenedPubSub>): void {
  describe(`messages: ${name}`, () => {
    let opened: OpenedPubSub;
    beforeAll(async () => {
      opened = await open();
    }, 60_000);
    afterAll(async () => await opened.close?.());

    test("every listener of a topic hears what anybody publishes, in order", async () => {
      const { pubSub, other } = opened;
      const ears = [new Ear(), new Ear(), new Ear()] as const;
      const subscriptions = [
        await pubSub.subscribe("t", ears[0]),
        await pubSub.subscribe("t", ears[1]),
        await other.subscribe("t", ears[2]),
      ];
      const texts = ["", "one", 'ünï "quoted"\n\0', "x".repeat(100_000)];
      for (const text of texts) await other.publish("t", text);
      await eventually(() => ears.every(({ heard }) => heard.length === texts.length));
      for (const { heard } of ears) expect(heard).toEqual(texts);
      for (const subscription of subscriptions) await subscription.close();
    });

    test("topics are apart, and who stopped listening hears no more", async () => {
      const { pubSub, other } = opened;
      const [stays, leaves, elsewhere] = [new Ear(), new Ear(), new Ear()];
      const subscriptions = [await pubSub.subscribe("a", stays), await pubSub.subscribe("b", elsewhere)];
      const leaving = await pubSub.subscribe("a", leaves);
      await other.publish("a", "1");
      await eventually(() => leaves.heard.length === 1);
      await leaving.close();
      await leaving.close();
      await other.publish("a", "2");
      await eventually(() => stays.heard.length === 2);
      expect(leaves.heard).toEqual(["1"]);
      expect(elsewhere.heard).toEqual([]);
      for (const subscription of subscriptions) await subscription.close();
    });

    test("nobody listening is no failure", async () => {
      expect(await opened.pubSub.publish("empty", "x")).toBeUndefined();
    });
  });
}
