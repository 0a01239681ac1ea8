import type { Due } from "../base/agenda.ts";
import type { PowerState } from "../base/power.ts";

export type NodeState = "Allocated" | "Assembling" | "Assembled" | "Failed";

/** A composed node. */
export interface SimNode {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  state: NodeState;
  readonly system: string;
  /** Paths of its local drives, as they were asked for or all. */
  readonly localDrives: readonly string[];
  /** Ids of pooled devices. */
  devices: string[];
  /** Ids of volumes. */
  volumes: string[];
  /** By id of the interface. */
  readonly vlans: Readonly<Record<string, readonly Vlan[]>>;
  clearTpmOnDelete: boolean;
  taggedValues: Record<string, unknown>;
}

export interface Vlan {
  readonly id: number;
  readonly tagged: boolean;
}

export interface Boot {
  BootSourceOverrideEnabled: string;
  BootSourceOverrideTarget: string;
  BootSourceOverrideMode: string;
}

/** What changes of a pod; JSON. */
export interface PodmState {
  nodes: SimNode[];
  nextNode: number;
  /** Made for a node: they go with it. */
  madeVolumes: { id: string; gib: number }[];
  nextVolume: number;
  /** By system; On without an entry. */
  power: Record<string, PowerState>;
  boot: Record<string, Boot>;
  assetTags: Record<string, string>;
  /** Paths of systems and devices that are not there at the moment. */
  down: string[];
  due: Due[];
}

/** As the original begins: six nodes, over the systems of the drawers. */
export function firstState(composed: readonly string[]): PodmState {
  return {
    nodes: composed.map((system, at) => ({
      id: `Node${at + 1}`,
      name: `composedNode${at + 1}`,
      description: `Nova node${at + 1}`,
      state: "Assembled",
      system,
      localDrives: [`/redfish/v1/Systems/${system}/Storage/1/Drives/Drive1`],
      devices: [],
      volumes: [],
      vlans: {},
      clearTpmOnDelete: false,
      taggedValues: {},
    })),
    nextNode: composed.length + 1,
    madeVolumes: [],
    nextVolume: 100,
    power: {},
    boot: {},
    assetTags: {},
    down: [],
    due: [],
  };
}
