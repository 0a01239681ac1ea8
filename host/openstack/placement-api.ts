// Placement: what machines have and keep for themselves, what they can do, and who holds what. A cloud may have none.

import { AppError } from "../errors.ts";
import type { CloudSession } from "./cloud-session.ts";
import { amountOf, isRecord, textOf } from "./json.ts";
import type { Size } from "./records.ts";
import { PLACEMENT, ServiceApi } from "./service-api.ts";

/** Of one resource on one machine. */
export interface Stock {
  readonly total: number;
  /** Of `total`, for the machine itself. */
  readonly reserved: number;
  /** What may be given away is (total - reserved) times this. */
  readonly ratio: number;
  /** For one server at most. */
  readonly most: number;
}

/** A machine; what it does not offer is absent. */
export interface Provider {
  /** As of the hypervisor. */
  readonly uuid: string;
  /** The hypervisor's node name. */
  readonly name: string;
  /** Virtual and dedicated CPUs together. */
  readonly vcpus?: Stock;
  /** MiB. */
  readonly ram?: Stock;
  /** GiB. */
  readonly disk?: Stock;
  /** Its own and those of the providers below it, as a device of it is one. Each once, in no order. */
  readonly traits: readonly string[];
  /** Nova lets no server come, whatever else is there: its compute service is disabled, or was when Placement was told. */
  readonly disabled: boolean;
}

type Stocks = Pick<Provider, "vcpus" | "ram" | "disk">;

/** A provider as it was read, a machine or one below it. */
interface Known {
  /** It grows with every change of what a provider has. */
  readonly generation: unknown;
  /** UUID of the machine. */
  readonly root: string;
  readonly name: string;
  /** Null: it is below a machine. */
  readonly stocks: Stocks | null;
  readonly traits: readonly string[];
}

/** On a provider whose compute service is disabled, and not for anyone to ask for. */
const DISABLED = "COMPUTE_STATUS_DISABLED";

/** Of one resource; the core counts in 31 bits. */
const MOST = 2 ** 30;
/** Traits since 6, parent_provider_uuid and root_provider_uuid since 14. */
const VERSION = 36;
/** Requests at a time: each provider is asked by itself. */
const PARALLEL = 8;

/** @throws AppError cloud.unavailable, cloud.unreadable, from every method */
export class PlacementApi {
  readonly #api: ServiceApi;
  /** By UUID. */
  #known = new Map<string, Known>();

  constructor(session: CloudSession) {
    this.#api = new ServiceApi(session, PLACEMENT);
  }

  /** Root providers, by UUID and by name; null: there is no Placement. Only those that changed are asked. */
  async providers(): Promise<Map<string, Provider> | null> {
    if ((await this.#api.highest()) === null) return null;
    const entries = await this.#api.all({
      path: "/resource_providers",
      version: VERSION,
      key: "resource_providers",
      idOf: ({ uuid }) => textOf(uuid),
    });
    const known = new Map<string, Known>();
    await inParallel(entries, async ({ uuid, name, generation, parent_provider_uuid, root_provider_uuid }) => {
      const id = textOf(uuid)!;
      const isRoot = textOf(parent_provider_uuid) === null;
      const root = isRoot ? id : (textOf(root_provider_uuid) ?? "");
      const before = this.#known.get(id);
      if (before !== undefined && before.generation === generation && before.root === root) known.set(id, before);
      else {
        const stocks = isRoot ? await this.#stocks(id) : null;
        const traits = isRoot && stocks === null ? null : await this.#traits(id);
        if (traits) known.set(id, { generation, root, name: textOf(name) ?? "", stocks, traits });
      }
    });
    this.#known = known;
    return providersOf(known);
  }

  /** What a server (or a migration) holds, by the provider's UUID; empty: nothing, or there is no Placement. */
  async held(consumer: string): Promise<Map<string, Size>> {
    const held = new Map<string, Size>();
    if ((await this.#api.highest()) === null) return held;
    const answer = await this.#api.get(`/allocations/${encodeURIComponent(consumer)}`, VERSION);
    if (!isRecord(answer?.json.allocations)) return held;
    for (const [provider, allocation] of Object.entries(answer.json.allocations)) {
      const of = isRecord(allocation) && isRecord(allocation.resources) ? allocation.resources : {};
      const amount = (...names: string[]) =>
        names.reduce((sum, name) => sum + Math.min(MOST, Math.ceil(amountOf(of[name]) ?? 0)), 0);
      held.set(provider, { vcpus: amount("VCPU", "PCPU"), ramMiB: amount("MEMORY_MB"), diskGiB: amount("DISK_GB") });
    }
    return held;
  }

  /** Null: the provider is gone. */
  async #stocks(uuid: string): Promise<Stocks | null> {
    const path = `/resource_providers/${encodeURIComponent(uuid)}/inventories`;
    const answer = await this.#api.get(path, VERSION);
    if (answer === null) return null;
    const of = answer.json.inventories;
    if (!isRecord(of)) throw new AppError("cloud.unreadable", `placement ${path}: the answer has no inventories`);
    const [shared, dedicated, ram, disk] = ["VCPU", "PCPU", "MEMORY_MB", "DISK_GB"].map((name) => stockOf(of[name]));
    const vcpus = shared && dedicated ? both(shared, dedicated) : (shared ?? dedicated);
    return { ...(vcpus && { vcpus }), ...(ram && { ram }), ...(disk && { disk }) };
  }

  /** Null: the provider is gone. */
  async #traits(uuid: string): Promise<string[] | null> {
    const path = `/resource_providers/${encodeURIComponent(uuid)}/traits`;
    const answer = await this.#api.get(path, VERSION);
    if (answer === null) return null;
    const { traits } = answer.json;
    if (!Array.isArray(traits)) throw new AppError("cloud.unreadable", `placement ${path}: the answer has no traits`);
    return traits.map(textOf).filter((trait) => trait !== null);
  }
}

/** Machines by name and by UUID; where the two are one text, the UUID counts. */
function providersOf(known: ReadonlyMap<string, Known>): Map<string, Provider> {
  const traits = new Map<string, Set<string>>();
  for (const provider of known.values()) {
    const set = traits.get(provider.root) ?? new Set();
    for (const trait of provider.traits) set.add(trait);
    traits.set(provider.root, set);
  }
  const byName = new Map<string, Provider>();
  const byUuid = new Map<string, Provider>();
  for (const [uuid, { name, stocks, traits: own }] of known) {
    if (stocks === null) continue;
    const provider = { uuid, name, ...stocks, traits: [...traits.get(uuid)!], disabled: own.includes(DISABLED) };
    byName.set(name, provider);
    byUuid.set(uuid, provider);
  }
  return new Map([...byName, ...byUuid]);
}

function stockOf(inventory: unknown): Stock | undefined {
  if (!isRecord(inventory)) return undefined;
  const total = amountOf(inventory.total);
  if (total === null) return undefined;
  return {
    total,
    reserved: Math.min(total, amountOf(inventory.reserved) ?? 0),
    ratio: amountOf(inventory.allocation_ratio) ?? 1,
    most: amountOf(inventory.max_unit) ?? total,
  };
}

/** CPUs of both kinds as one stock that gives away as much. */
function both(shared: Stock, dedicated: Stock): Stock {
  const free = (stock: Stock) => (stock.total - stock.reserved) * stock.ratio;
  const total = shared.total + dedicated.total;
  const reserved = shared.reserved + dedicated.reserved;
  const ratio = total > reserved ? (free(shared) + free(dedicated)) / (total - reserved) : 1;
  return { total, reserved, ratio, most: Math.max(shared.most, dedicated.most) };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    try {
      while (next < items.length) await work(items[next++]!);
    } catch (error) {
      next = items.length;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
