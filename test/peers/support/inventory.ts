// What the service believes, against what Nova and Placement say.
import postgres from "postgres";
import { admin, env, HOSTS, service, until } from "./cloud.ts";
import { type NovaServer, servers } from "./nova.ts";

/** Its store; see ostro.sh. */
const sql = postgres(env.OSTRO_DATABASE ?? "", { max: 1, onnotice: () => {} });

interface Held {
  readonly id: string;
  readonly source: "plan" | "orphan" | "existing" | "held";
  readonly host: string;
  readonly vcpus: number;
  readonly ramMiB: number;
  readonly diskGiB: number;
  readonly resourceId: string | null;
}

/** A placement as `GET /v1/placements` tells it. */
export interface Placement {
  readonly id: string;
  readonly name: string;
  readonly orchestration_id: string;
  readonly resource_id: string | null;
  readonly location: string;
  readonly reserved: boolean;
  readonly plan_id: string;
}

/** Of the server, or of the plan: `placements({ resource_id: id })`. */
export async function placements(query: Readonly<Record<string, string>> = {}): Promise<Placement[]> {
  const search = new URLSearchParams(query);
  return (await service.call("GET", `${env.OSTRO_URL}/v1/placements?${search}`)).placements;
}

/**
 * Holds once every server stands in the inventory where Nova has it and with its size, nothing else stands there, each
 * host holds as much as Placement says, and each placement of a server is reserved on the server's host.
 * @returns for how long it did not, ms
 */
export async function inventoryEqualsNovas(seconds = 20): Promise<number> {
  const began = Date.now();
  let differences: string[] = [];
  try {
    await until("equal", seconds, async () => {
      differences = await differ();
      return differences.length === 0;
    });
  } catch (error) {
    const cause = (error as Error).cause;
    throw new Error(`after ${seconds} s the inventory differs from Nova's:\n${differences.join("\n")}`, { cause });
  }
  return Date.now() - began;
}

async function differ(): Promise<string[]> {
  const nova = await servers();
  const usages = await placementUsages();
  const held: Held[] = await sql`
    select id, source, host, vcpus::int, ram_mib::int as "ramMiB", disk_gib::int as "diskGiB", resource_id as "resourceId"
    from allocations`;
  const planned = await placements();
  return [...serverDifferences(nova, held), ...hostDifferences(usages, held), ...placementFaults(nova, planned)];
}

function serverDifferences(nova: readonly NovaServer[], held: readonly Held[]): string[] {
  const main = new Map(held.filter(({ source }) => source !== "held").map((row) => [row.resourceId ?? row.id, row]));
  const known = new Map(nova.map((server) => [server.id, server]));
  const wrong = nova
    .filter(({ host }) => host !== null)
    .flatMap((server) => {
      const row = main.get(server.id);
      const expected = `${server.host} ${sizeOf(server)}`;
      const found = row === undefined ? "nowhere" : `${row.host} ${sizeOf(row)}`;
      return found === expected ? [] : [`server ${server.name} ${server.id} is on ${expected}, but held ${found}`];
    });
  const leaked = held
    .filter(({ resourceId }) => !known.get(resourceId ?? "")?.host)
    .map((row) => `${row.source} ${row.id} holds ${sizeOf(row)} on ${row.host} for no server (${row.resourceId})`);
  return [...wrong, ...leaked];
}

function sizeOf({ vcpus, ramMiB, diskGiB }: Pick<Held, "vcpus" | "ramMiB" | "diskGiB">): string {
  return `${vcpus} vCPU ${ramMiB} MiB ${diskGiB} GiB`;
}

function hostDifferences(usages: ReadonlyMap<string, string>, held: readonly Held[]): string[] {
  return [...usages].flatMap(([host, expected]) => {
    const sum = { vcpus: 0, ramMiB: 0, diskGiB: 0 };
    for (const row of held.filter((each) => each.host === host)) {
      sum.vcpus += row.vcpus;
      sum.ramMiB += row.ramMiB;
      sum.diskGiB += row.diskGiB;
    }
    return sizeOf(sum) === expected ? [] : [`${host} holds ${sizeOf(sum)}, ${expected} by Placement`];
  });
}

function placementFaults(nova: readonly NovaServer[], planned: readonly Placement[]): string[] {
  const active = new Map(nova.filter(({ status }) => status === "ACTIVE").map((server) => [server.id, server]));
  return planned.flatMap((placement) => {
    const { name, resource_id, location, reserved } = placement;
    const host = active.get(resource_id ?? "")?.host;
    if (host === undefined || (reserved && location === host)) return [];
    return [`placement ${name} of ${resource_id} on ${host} is ${reserved ? "" : "not "}reserved on ${location}`];
  });
}

/** Host -> what Placement has allocated there. */
async function placementUsages(): Promise<Map<string, string>> {
  const { resource_providers } = await admin.call("GET", `${env.PLACEMENT_URL}/resource_providers`);
  const hosts = (resource_providers as { uuid: string; name: string }[]).filter(({ name }) => HOSTS.includes(name));
  const usages = await Promise.all(
    hosts.map(async ({ uuid, name }) => {
      const { usages: used } = await admin.call("GET", `${env.PLACEMENT_URL}/resource_providers/${uuid}/usages`);
      return [
        name,
        sizeOf({ vcpus: used.VCPU ?? 0, ramMiB: used.MEMORY_MB ?? 0, diskGiB: used.DISK_GB ?? 0 }),
      ] as const;
    }),
  );
  return new Map(usages);
}

/** Servers that the service says break a rule, with the rule. */
export async function faults(): Promise<Record<string, unknown>> {
  return (await service.call("GET", `${env.OSTRO_URL}/v1/resources`)).resources;
}
