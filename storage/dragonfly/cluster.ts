// A cluster's client whose attempts to connect all come to an end.

import { Cluster } from "ioredis";

/**
 * ioredis leaves a `connect()` unsettled where nodes answer but their cluster is not formed yet, as after a restart of all of
 * them, though it tries again by itself. Whoever awaits it, as a worker of BullMQ does, would wait for ever.
 */
export function openCluster(...options: ConstructorParameters<typeof Cluster>): Cluster {
  return settling(new Cluster(...options));
}

/** Its connections, and those of its duplicates, fail where they close before they are ready. */
function settling(cluster: Cluster): Cluster {
  const connect = cluster.connect.bind(cluster);
  cluster.connect = async () => {
    const closed = Promise.withResolvers<never>();
    const onClose = (): void =>
      closed.reject(new Error("the connection closed before the cluster was ready"));
    cluster.once("close", onClose);
    try {
      await Promise.race([connect(), closed.promise]);
    } finally {
      cluster.off("close", onClose);
    }
  };
  const duplicate = cluster.duplicate.bind(cluster);
  cluster.duplicate = (...options: Parameters<Cluster["duplicate"]>) => settling(duplicate(...options));
  return cluster;
}
