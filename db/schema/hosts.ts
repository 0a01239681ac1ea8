import { bigint, boolean, index, pgTable, text } from "drizzle-orm/pg-core";
import { clusters } from "./clusters.ts";
import { racks } from "./racks.ts";

const count = (name: string) => bigint(name, { mode: "number" }).notNull();

/** Facts about the compute hosts, as the data center's source tells them. What VMs hold stands in `allocations`. */
export const hosts = pgTable(
  "hosts",
  {
    name: text("name").primaryKey(),
    /** Order in the data center; ties between equal hosts go to the lower one. */
    position: count("position"),
    rack: text("rack").references(() => racks.name),
    cluster: text("cluster").references(() => clusters.name),
    zone: text("zone"),
    aggregates: text("aggregates").array().notNull(),
    /** Null: not known. */
    traits: text("traits").array(),
    up: boolean("up").notNull(),
    /** False: the source does not know it any more. The row stays for the VMs that are still on it. */
    present: boolean("present").notNull().default(true),
    vcpus: count("vcpus"),
    ramMiB: count("ram_mib"),
    diskGiB: count("disk_gib"),
    physicalVcpus: count("physical_vcpus"),
    physicalRamMiB: count("physical_ram_mib"),
    usedVcpus: count("used_vcpus"),
    usedRamMiB: count("used_ram_mib"),
    usedDiskGiB: count("used_disk_gib"),
    /** Null: never full. */
    nicKbps: bigint("nic_kbps", { mode: "number" }),
    nicUsedKbps: count("nic_used_kbps").default(0),
    /** Counts for the facts and for the allocations on the host. */
    generation: count("generation"),
  },
  (table) => [index("hosts_generation").on(table.generation)],
);
