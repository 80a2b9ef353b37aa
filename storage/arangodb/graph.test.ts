// The graph on ArangoDB: the contract against a real server where one is named; what is said where nobody answers or the
// password is wrong.

import { expect, test } from "bun:test";
import { Database } from "arangojs/databases";
import { GraphUnavailable } from "../../actors/ports/graph.ts";
import { describeGraph } from "../../test/contract/graph.ts";
import { failureOf } from "../../test/fixtures/eventually.ts";
import { ArangoGraph } from "./graph.ts";

const SERVER = process.env["TICKFORGE_TEST_ARANGODB_URL"];

if (SERVER === undefined) {
  test.skip("an ArangoDB server: set TICKFORGE_TEST_ARANGODB_URL to run the suite against one", () => {});
} else {
  const address = new URL(SERVER);
  address.pathname = `/contract-${process.pid}-${Date.now()}`;
  describeGraph("ArangoDB", async () => await Promise.resolve(new ArangoGraph(address.href)));
  test("the test's database is gone", async () => {
    const { username, password } = address;
    const system = new Database({ url: address.origin, auth: { username, password } });
    await system.dropDatabase(address.pathname.slice(1));
    system.close();
  });
}

test("says where nobody answers and what to do, without the password", async () => {
  const nobody = new ArangoGraph("http://root:a-secret@127.0.0.1:1/tickforge");
  const failure = await failureOf(nobody.cursor());
  expect(failure).toBeInstanceOf(GraphUnavailable);
  expect(String(failure)).toContain("http://127.0.0.1:1");
  expect(String(failure)).toContain("TICKFORGE_ARANGODB_URL");
  expect(String(failure)).not.toContain("a-secret");
  await nobody.close();
});

test("says that the password is wrong", async () => {
  const server = Bun.serve({
    port: 0,
    fetch: () =>
      Response.json(
        { error: true, errorNum: 11, errorMessage: "not authorized to execute this request", code: 401 },
        { status: 401 },
      ),
  });
  const graph = new ArangoGraph(`http://root:a-secret@127.0.0.1:${server.port}/tickforge`);
  const failure = await failureOf(graph.prepare());
  expect(String(failure)).toContain("refuses the user name or password");
  expect(String(failure)).not.toContain("a-secret");
  await graph.close();
  await server.stop(true);
});

test("waits for a server that hangs no longer than it must", async () => {
  const server = Bun.serve({ port: 0, idleTimeout: 0, fetch: () => new Promise<Response>(() => undefined) });
  const graph = new ArangoGraph(`http://127.0.0.1:${server.port}`, { answerMillisMax: 300 });
  const startMillis = performance.now();
  expect(await failureOf(graph.openLegs("paper"))).toBeInstanceOf(GraphUnavailable);
  expect(performance.now() - startMillis).toBeLessThan(5_000);
  await graph.close();
  await server.stop(true);
});
