// `bun test test/contract`: every port's suite on every adapter, from the tests that lie beside the adapters. A run of all
// tests finds those by itself and leaves this file out.

import "../../storage/arangodb/graph.test.ts";
import "../../storage/clickhouse/clickhouse.test.ts";
import "../../storage/dragonfly/dragonfly.test.ts";
import "../../storage/dragonfly/streams.test.ts";
import "../../storage/jobs/jobs.test.ts";
import "../../storage/journal/journal.test.ts";
import "../../storage/journal/recovery.test.ts";
import "../../storage/kafka/streams.test.ts";
import "../../storage/memory/memory-books.test.ts";
import "../../storage/memory/memory-graph.test.ts";
import "../../storage/memory/memory-journal.test.ts";
import "../../storage/memory/memory-stores.test.ts";
import "../../storage/memory/memory-streams.test.ts";
import "../../storage/memory/memory-vectors.test.ts";
import "../../storage/nats/streams.test.ts";
import "../../storage/open-hot-stores.test.ts";
import "../../storage/sql/books.test.ts";
import "../../storage/sql/graph.test.ts";
import "../../storage/sql/ledger.test.ts";
import "../../storage/sql/postgres.test.ts";
import "../../storage/weaviate/vectors.test.ts";
