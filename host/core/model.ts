// What a data center and an application are, for everyone on the host side. One word a thing; units in the names.

/** A container of the topology in which VMs are kept together or apart. Ascending: host < rack < cluster. */
export type Level = "host" | "rack" | "cluster";
export const LEVELS: readonly Level[] = ["host", "rack", "cluster"];

export type GroupType = "affinity" | "diversity" | "exclusivity";
export const GROUP_TYPES: readonly GroupType[] = ["affinity", "diversity", "exclusivity"];

/** Whole numbers >= 0. */
export interface Resources {
  readonly vcpus: number;
  readonly ramMiB: number;
  readonly diskGiB: number;
}

/** One compute host. `capacity` is what may be given away, after overcommit and standby. */
export interface Host {
  readonly name: string;
  /** null: the host takes no VM of a rack-level group. */
  readonly rack: string | null;
  readonly cluster: string | null;
  /** Availability zone. */
  readonly zone: string | null;
  /** Names of the aggregates it belongs to. */
  readonly aggregates: readonly string[];
  /** Names of what Placement says it can do. Null or absent: not known, so flavors that ask for traits may go there. */
  readonly traits?: readonly string[] | null;
  readonly up: boolean;
  readonly capacity: Resources;
  /** The machine itself, before overcommit; no single VM may be larger. */
  readonly physical: { readonly vcpus: number; readonly ramMiB: number };
  /** Taken by what is no tracked VM of ours plus, in a data-center file, by the existing VMs too. */
  readonly used: Resources;
  /** The NIC in each direction, kbit/s. Null or absent: never full. */
  readonly nicKbps?: number | null;
  /** Taken of the NIC by what is no pipe between tracked VMs, kbit/s. */
  readonly nicUsedKbps?: number;
}

/** Links of a rack to the rest of the data center. */
export interface Rack {
  readonly name: string;
  /** The uplink in each direction, kbit/s. Null: never full. */
  readonly uplinkKbps: number | null;
  /** Taken of the uplink by what is no pipe between tracked VMs, kbit/s. */
  readonly uplinkUsedKbps: number;
}

/** A VM that lives in the data center. `groups` holds keys as `groupKey` makes them. */
export interface ExistingVm {
  readonly id: string;
  readonly host: string;
  readonly groups: readonly string[];
  /** What it takes beyond the host's `used`; zero for the existing VMs of a data-center file, whose `used` has them. */
  readonly need: Resources;
  /**
   * Bandwidth reserved between this VM and others, by their ids; it loads links while both are there. Several with one
   * peer add up. A pair may be written on either VM or on both: then the larger sum counts, once.
   */
  readonly pipes?: readonly { readonly peer: string; readonly kbps: number }[];
}

export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly ramMiB: number;
  readonly diskGiB: number;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

export interface DataCenter {
  readonly hosts: readonly Host[];
  /** Racks whose uplink is known; that of any other is never full. */
  readonly racks?: readonly Rack[];
  /** Aggregate name -> its metadata. */
  readonly aggregates: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly existing: readonly ExistingVm[];
  readonly flavors: readonly Flavor[];
}

/** A VM to be placed. `name` is unique in its application (for a Heat stack: the orchestration id). */
export interface Vm extends Resources {
  readonly name: string;
  readonly zone: string | null;
  readonly extraSpecs: Readonly<Record<string, string>>;
  /** Only these hosts may be chosen. An empty list refuses every host. */
  readonly candidates?: readonly string[];
  readonly excluded?: readonly string[];
  /** Already decided: this host and no other, all rules still checked. */
  readonly fixed?: string;
}

/**
 * A plain set of VMs (problems/FORMAT semantics); `members` are names of VMs or of other groups of the application.
 * `named: false` keeps it out of the data center's memory: it neither joins VMs that live there nor is recorded.
 */
export interface Group {
  readonly name: string;
  readonly type: GroupType;
  readonly level: Level;
  readonly members: readonly string[];
  readonly named?: boolean;
  /** Kept where that is possible: who plans tries without it when there is no place otherwise. The core does not know it. */
  readonly soft?: true;
}

/**
 * Bandwidth reserved between two VMs of an application, in each direction. It takes nothing when they share a host, both
 * NICs when they do not, and both uplinks too when their racks differ (hosts without a rack count as one rack, which has
 * no uplink). Several pipes between the same two add up.
 */
export interface Pipe {
  /** Name of a VM of the application. */
  readonly a: string;
  /** Name of another VM of the application; with `living`, the id of an existing VM. One that is not there takes nothing. */
  readonly b: string;
  readonly living?: true;
  /** Whole kbit/s, 0 to 2^31 - 1. */
  readonly kbps: number;
}

export interface Application {
  readonly name: string;
  readonly vms: readonly Vm[];
  readonly groups: readonly Group[];
  readonly pipes?: readonly Pipe[];
}

const SHORT: Record<GroupType, string> = { affinity: "AFF", diversity: "DIV", exclusivity: "EX" };

/** How a group is known to the VMs that live in it, e.g. `rack:DIV:db`. */
export function groupKey(group: { level: Level; type: GroupType; name: string }): string {
  return `${group.level}:${SHORT[group.type]}:${group.name}`;
}

/** Levels of the objective in order of weight, as in the problem format. Lower is better. */
export interface Objective {
  readonly hosts_activated: number;
  readonly reserved_bw_mbps: number;
  readonly hosts_touched: number;
  readonly racks_touched: number;
  /** Free vCPU, RAM and disk of the touched hosts, in basis points of their capacity, summed. */
  readonly left_bp: number;
}

/** Exact counters of one solve: equal for equal problem, seed and budget. */
export interface SolveStats {
  /** Attempts to place a unit (VMs of one host-level affinity). */
  readonly attempts: number;
  /** Blocks of 16 hosts looked into. */
  readonly blocks_visited: number;
  /** VMs moved onto or off a host. */
  readonly moves: number;
}

interface Outcome {
  /** Version of the inventory that was planned on. */
  readonly version: number;
  readonly stats: SolveStats;
  /** Inside the core, ms. */
  readonly searchMs: number;
}

export interface Plan extends Outcome {
  readonly ok: true;
  /** VM name -> host name, every VM of the application. */
  readonly placements: Readonly<Record<string, string>>;
  readonly objective: Objective;
  /** Proven lower bounds, each for the plans that are best in all levels before it. */
  readonly bound: {
    readonly hosts_activated: number;
    readonly reserved_bw_mbps: number;
    readonly hosts_touched: number;
    readonly racks_touched: number;
  };
  /** No plan is better in any level but `left_bp`: each of the others is proven to be its bound. */
  readonly optimal: boolean;
}

/** A host for one VM, and what the VM adds to each level of the objective there; below zero where it fills a host up. */
export interface Choice {
  readonly host: string;
  readonly adds: Objective;
}

/**
 * Why the VMs of a plan stand where they do: VM name -> its account, with all others where the plan puts them. VMs that
 * host-level affinity ties together move together, so they share one.
 */
export type Explanation = Readonly<
  Record<
    string,
    {
      /** How many hosts each rule refused, applied in the catalogue's order; rules that refused none are left out. */
      readonly refused: Readonly<Record<string, number>>;
      /** Hosts that no rule refused, the chosen one among them. */
      readonly allowed: number;
      readonly chosen: Choice;
      /** The best of the other allowed hosts for this VM alone; null: there is none. */
      readonly runner_up: Choice | null;
    }
  >
>;

interface PerResource {
  readonly vcpus: number;
  readonly ramMiB: number;
  readonly diskGiB: number;
}

/**
 * A tree of cases. VMs tied to one host by affinity go together, any of them stands for all.
 * - nowhere: no host can take this VM.
 * - crowded: these VMs need more than there is on all hosts that any of them may use, both weighted: `weights` counts for
 *   each `steps` of a resource.
 * - apart: no two of these VMs may share a container of this level, and fewer containers are left to them than they are.
 * - branch: the VM stands on one of these hosts, and each case is impossible. A case also stands for hosts that are in
 *   nothing different (`alike`), and in the cases after it for VMs that are in nothing different.
 */
export type Impossible =
  | { readonly nowhere: string }
  | { readonly crowded: readonly string[]; readonly weights: PerResource; readonly steps: PerResource }
  | { readonly apart: readonly string[]; readonly level: Level }
  | { readonly branch: string; readonly cases: readonly Case[] };

export interface Case {
  readonly host: string;
  readonly alike?: readonly string[];
  readonly because: Impossible;
}

/** Why no plan gives every VM a host, as host/core/check-certificate.ts takes it. */
export interface Certificate {
  readonly format: "placement-certificate/1";
  readonly impossible: Impossible;
}

/** An expected refusal: a result, not an exception. */
export interface Refusal extends Outcome {
  readonly ok: false;
  /** True: no plan gives every VM a host. False: none was found within the budget. */
  readonly proven: boolean;
  /** The proof, for check-certificate.ts. */
  readonly certificate: Certificate | null;
  /** The rule that emptied the list of hosts, by its name in the catalogue. */
  readonly rule: string;
  /** The VM that found no host (one of a host-level affinity stands for all). */
  readonly vm: string;
  /** How many hosts each rule refused, applied in the catalogue's order; rules that refused none are left out. */
  readonly refused: Readonly<Record<string, number>>;
  /** VMs that had a place when this one found none; 0: not even on the data center as it is. */
  readonly placedBefore: number;
  /** One sentence with all of this. */
  readonly reason: string;
}

export interface SolveOptions {
  /** Same problem, seed and budget: same answer. Default 1. */
  readonly seed?: number;
  /** Work after the first plan for improvement; one is an attempt to place a unit, or reading many hosts (assembly/search/choose.ts). */
  readonly budget?: number;
  /**
   * "shared": a large budget is spent by several searches that go on from each other's best plan, on as many workers as
   * there are; the same answer for any number of them, but another than that of the one search (default).
   */
  readonly budgetIs?: "shared" | undefined;
  /** Ids of existing VMs to think away while solving (they are being re-planned). */
  readonly without?: readonly string[];
  /** Milliseconds from the call to the answer, kept by the clock, on which the answer then depends. Alone: search until then. */
  readonly deadlineMs?: number | undefined;
  /** Names of rules to leave out: for tests that must see them missed. */
  readonly disabledRules?: readonly string[];
}
