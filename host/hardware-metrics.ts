import { Counter, Gauge, type Registry } from "prom-client";
import { listPodManagers } from "../db/queries/pod-managers.ts";
import type { Store } from "../db/store.ts";
import type { HardwareServices } from "./services/hardware/services.ts";

/** What is counted about composed hardware, read where it is kept when the metrics are asked for; a store that is away leaves gaps. */
export function measureHardware(
  registry: Registry,
  store: Store,
  { sync, operations }: Pick<HardwareServices, "sync" | "operations">,
): void {
  const registers = [registry];
  new Gauge({
    name: "ostro_pod_managers",
    help: "Registered pod managers, by the status they were last seen in",
    labelNames: ["status"],
    registers,
    async collect() {
      const rows = await store.read((db) => listPodManagers(db)).catch(() => []);
      this.reset();
      for (const { status } of rows) this.inc({ status: status ?? "Unknown" });
    },
  });
  new Gauge({
    name: "ostro_hardware_operations",
    help: "Operations on hardware that are under way, in all processes, by their kind",
    labelNames: ["kind"],
    registers,
    async collect() {
      const rows = await operations.list().catch(() => []);
      this.reset();
      for (const { kind } of rows) this.inc({ kind });
    },
  });
  new Counter({
    name: "ostro_syncs_total",
    help: "Listings of a pod manager's devices by this process: succeeded, or failed",
    labelNames: ["outcome"],
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(sync.counters)) this.inc({ outcome }, count);
    },
  });
}
