// What a pod manager can be asked, whatever it speaks. A driver is one file with a `Driver`, and a line in index.ts.
// Contract: drivers, section 4.

/** Makes the connection to a pod manager; no I/O happens before something is asked. */
export interface Driver {
  /** As pod managers name it: `redfishv1`. */
  readonly name: string;
  connect(access: PodManagerAccess): PodManager;
}

export interface PodManagerAccess {
  /** As registered; each driver takes what users write (with or without `/redfish/v1`, with or without a slash at the end). */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Authorities to trust for https instead of Node's own, PEM. */
  readonly ca?: string;
  /** Certificates are not verified. */
  readonly insecure?: boolean;
  readonly log: (message: string, details: Record<string, unknown>) => void;
  readonly limits?: Partial<Limits>;
}

export interface Limits {
  readonly connectMs: number;
  /** Until an answer is whole. */
  readonly answerMs: number;
  /** The same for what composes or releases hardware. */
  readonly composeMs: number;
  /** From the order to assemble until the node is assembled. */
  readonly assembleMs: number;
  /** First pause between two looks at something that goes on; pauses grow tenfold. */
  readonly pollMs: number;
  readonly mostBytes: number;
  /** Requests at a time. */
  readonly concurrency: number;
}

export const LIMITS: Limits = {
  connectMs: 5_000,
  answerMs: 30_000,
  composeMs: 300_000,
  assembleMs: 600_000,
  pollMs: 1_000,
  mostBytes: 8 * 1024 * 1024,
  concurrency: 32,
};

export type Status = "Online" | "Offline" | "Unknown";

/** What a node shall have at least; what is left out is not asked for. */
export interface Requirements {
  readonly processor?: { readonly totalCores?: number; readonly model?: string };
  readonly memory?: { readonly capacityMib?: number; readonly type?: string };
  /** A device each: SSD, NIC, GPU, … */
  readonly pciDevices?: readonly string[];
  readonly remoteStorage?: { readonly capacityGib: number };
}

/** Which hardware would serve, and how well. */
export interface Choice {
  /** Paths of the system, blocks and devices to be used; the service claims them, so that no other request gets one. */
  readonly resources: readonly string[];
  readonly cost: Cost;
  /** Requirements it does not know of its hardware, as `processor`: it is taken for them only where it is asked for by name. */
  readonly unknown?: readonly string[];
  /** For whoever asks why, a sentence each. */
  readonly reasons: readonly string[];
  /** For the steps of the driver. */
  readonly plan: Facts;
}

/** Compared field by field in this order, less is better, also between pod managers. */
export interface Cost {
  /** Zones that were whole and are not any more. */
  readonly zonesBroken: number;
  /** Beyond the first. */
  readonly racks: number;
  readonly resources: number;
  /** Of what is taken, the part that was not asked for, basis points. */
  readonly wasteBp: number;
}

/** What the store records of an operation; JSON. */
export type Facts = { readonly [key: string]: unknown };

/**
 * One step of an operation on hardware. It is recorded before it begins and after it ended, so that a process that takes over
 * knows which one was under way. `look` asks the hardware what became of it: nothing that may have happened is ordered twice.
 */
export interface Step {
  /** Unique within its operation; recorded. */
  readonly name: string;
  /** Resolves to facts that are recorded. Rejects: it did not happen, or `look` tells. */
  run(facts: Facts, signal: AbortSignal): Promise<Facts>;
  /** After a lost answer or a lost process: the facts `run` would have resolved to; null: it did not take effect. */
  look(facts: Facts, signal: AbortSignal): Promise<Facts | null>;
  /** Takes back what it did, wholly or partly, perhaps for the second time. Nothing to take back is no error. */
  undo(facts: Facts, signal: AbortSignal): Promise<void>;
}

/**
 * The operations of a driver, as steps. Facts they begin with, and leave:
 * - `compose`: ComposeFacts; leaves `index`, `resourceUri`, and `devices` when it attached some.
 * - `release`: NodeFacts `{index, resourceUri, resources}`; leaves `devices` that are free now. Cannot be undone: it is
 *   tried again until it is done. A node that is gone already is released.
 * - `attach`, `detach`: `{index, resourceUri, device: DeviceFacts}` of node and device; leave `devices`.
 */
export interface Operations {
  readonly compose: readonly Step[];
  readonly release: readonly Step[];
  /** Absent: devices cannot be moved. */
  readonly attach?: readonly Step[];
  readonly detach?: readonly Step[];
}

export interface ComposeFacts extends Facts {
  /** Of the node, a UUID: unique names on the hardware are made of it. */
  readonly id: string;
  /** What the user calls it; need not be unique. */
  readonly name: string;
  readonly description: string;
  readonly requirements: Requirements;
  readonly choice: Choice;
}

/** How a device stands after an operation. */
export interface DeviceChange extends Facts {
  readonly resourceUri: string;
  readonly state: DeviceState;
  /** Index of the node it is at. */
  readonly nodeIndex: string | null;
  readonly pooledGroupId: string | null;
}

export type DeviceState = "free" | "allocated" | "error";

export interface DeviceFacts extends DeviceChange {
  /** SSD, HDD, NVMe, NIC, GPU, FPGA, …; null: it does not say. */
  readonly type: string | null;
  readonly properties: Facts;
  readonly extra: Facts;
  /** It is known, but not there at the moment. A device that is allocated is kept. */
  readonly down?: boolean;
}

/** A composed node as the hardware sees it. Null: it does not say. */
export interface NodeView extends Assets {
  readonly index: string;
  readonly resourceUri: string;
  readonly name: string | null;
  readonly description: string | null;
  /** On, Off, PoweringOn, … */
  readonly powerState: string | null;
  /** Allocated, Assembling, Assembled, Failed, … */
  readonly state: string | null;
  readonly health: string | null;
  readonly bootTarget: string | null;
  readonly pooledGroupId: string | null;
  /** Path of its computer system. */
  readonly computerSystem: string | null;
  /** Of ExpEther's boards, by the names of the API: serial_number, host_model, host_serial_number, type, mac_address. */
  readonly board?: Facts;
}

export interface Assets {
  readonly processors: readonly Processor[];
  readonly memory: readonly MemoryModule[];
  readonly interfaces: readonly NetworkInterface[];
  readonly drives: readonly Drive[];
  /** FPGAs, GPUs and the like. */
  readonly accelerators: readonly Accelerator[];
}

export interface Processor {
  readonly instructionSet: string | null;
  readonly model: string | null;
  readonly speedMhz: number | null;
  readonly totalCores: number | null;
}

export interface MemoryModule {
  /** DDR4, … */
  readonly type: string | null;
  readonly dataWidthBits: number | null;
  readonly speedMhz: number | null;
  readonly capacityMib: number | null;
}

export interface NetworkInterface {
  readonly mac: string | null;
  readonly speedMbps: number | null;
  readonly status: string | null;
  readonly ipv4: readonly { address: string | null; subnetMask: string | null; gateway: string | null }[];
  /** Null: it knows no VLANs. */
  readonly vlans: readonly { id: number | null; status: string | null }[] | null;
}

export interface Drive {
  readonly resourceUri: string | null;
  readonly protocol: string | null;
  readonly capacityGib: number | null;
  /** It belongs to a pool rather than to the node's own system. */
  readonly pooled: boolean;
}

export interface Accelerator {
  /** fpga, gpu, … */
  readonly type: string;
  readonly model: string | null;
}

export interface SystemView {
  readonly id: string;
  readonly resourceUri: string;
  readonly uuid: string | null;
  readonly name: string | null;
  readonly description: string | null;
  readonly powerState: string | null;
  readonly health: string | null;
  readonly cores: number;
  readonly architecture: string | null;
  readonly processorModel: string | null;
  readonly ramGib: number;
  readonly storageGib: number;
  /** Network interfaces. */
  readonly networks: number;
  /** `Systems:1_Drawer:2_Rack:3_Pod:4_`; null: it stands nowhere. */
  readonly location: string | null;
  readonly chassisId: string | null;
  readonly assetTag: string | null;
  /** All of its record, for filters on any member. */
  readonly raw: Facts;
  /** As of NodeView. */
  readonly board?: Facts;
}

export interface RackView {
  readonly id: string;
  readonly name: string | null;
  /** UUIDs of the systems in it. */
  readonly systems: readonly string[];
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly description: string | null;
  readonly serialNumber: string | null;
}

export interface Boot {
  readonly enabled: string;
  readonly target: string;
}

/** What Ironic has to know to drive a node. */
export interface Provisioning {
  /** Hardware type of Ironic: redfish, ipmi. */
  readonly driver: string;
  /** Carries passwords: neither logged nor answered. */
  readonly driverInfo: Facts;
  readonly macs: readonly string[];
}

/** A request of the passthrough, on to the pod manager as it is. */
export interface ForwardedRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below `/redfish/v1/`, with the query: `Systems/1?$select=Name`. */
  readonly path: string;
  readonly body?: string;
}

export interface ForwardedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Subscription {
  close(): Promise<void>;
}

/**
 * A connection to one pod manager. All its methods reject with AppErrors: pod-manager.unreachable, .timeout, .refused (an
 * UpstreamError with the status it gave), .credentials, .unreadable, .unsupported; `choose` also with pod-manager.no-fit.
 * An aborted signal ends a method soon, with what the signal says.
 */
export interface PodManager {
  /** Rejects only where the contract says so: ExpEther when it is asked for the first time. */
  status(signal: AbortSignal): Promise<Status>;
  /** The best fit among what is free and not in `taken` (paths). Rejects with what was short. */
  choose(requirements: Requirements, taken: ReadonlySet<string>, signal: AbortSignal): Promise<Choice>;
  readonly operations: Operations;
  /** A composed node, or one that could be managed. Rejects with pod-manager.refused (404) when there is none. */
  node(index: string, signal: AbortSignal): Promise<NodeView>;
  systems(signal: AbortSignal): Promise<SystemView[]>;
  system(id: string, signal: AbortSignal): Promise<SystemView>;
  assets(systemId: string, signal: AbortSignal): Promise<Assets>;
  devices(signal: AbortSignal): Promise<DeviceFacts[]>;
  /** Rejects with pod-manager.unsupported when the mac or driver_info it needs is not in `params`. */
  provisioning(index: string, params: Facts, signal: AbortSignal): Promise<Provisioning>;
  /** Absent, as are those below: it cannot. */
  racks?(signal: AbortSignal): Promise<RackView[]>;
  /** Rejects with request.invalid when the hardware does not take this type, naming those it takes. */
  reset?(index: string, type: string, signal: AbortSignal): Promise<void>;
  boot?(index: string, boot: Boot, signal: AbortSignal): Promise<void>;
  forward?(request: ForwardedRequest, signal: AbortSignal): Promise<ForwardedAnswer>;
  /**
   * Calls `changed` some time after something changed, more often rather than too seldom. Null: it offers no events.
   * `destination`: our address for events it pushes; null: none can reach us.
   */
  follow?(
    options: { changed: () => void; destination: string | null; context: string },
    signal: AbortSignal,
  ): Promise<Subscription | null>;
  /** Ends sessions and connections. */
  close(): Promise<void>;
}
