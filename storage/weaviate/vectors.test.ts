// Market states on Weaviate: the contract against a real server where one is named, and what is said when nobody answers.

import { expect, test } from "bun:test";
import { VectorsUnavailable } from "../../actors/ports/vectors.ts";
import { describeVectors } from "../../test/contract/vectors.ts";
import { WeaviateVectors } from "./vectors.ts";

const SERVER = process.env["TICKFORGE_TEST_WEAVIATE_URL"];
const GRPC_PORT = Number(process.env["TICKFORGE_TEST_WEAVIATE_GRPC_PORT"] ?? 50_051);

if (SERVER === undefined) {
  test.skip("a Weaviate server: set TICKFORGE_TEST_WEAVIATE_URL (and _GRPC_PORT) to run the suite against one", () => {});
} else {
  const prefix = `Contract${process.pid}x${Date.now()}`;
  describeVectors(
    "Weaviate",
    async () => await Promise.resolve(new WeaviateVectors({ url: SERVER, grpcPort: GRPC_PORT, prefix })),
    { recall: 0.9 },
  );
}

test("says where nobody answers and what to do, without the key", async () => {
  const nobody = new WeaviateVectors({ url: "http://127.0.0.1:1", grpcPort: 1, apiKey: "a-secret-key" });
  const failure: unknown = await nobody.cursor().then(
    () => "no failure",
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(VectorsUnavailable);
  const { message } = failure as Error;
  expect(message).toContain("http://127.0.0.1:1");
  expect(message).toContain("TICKFORGE_WEAVIATE_URL");
  expect(message).not.toContain("a-secret-key");
  await nobody.close();
});
