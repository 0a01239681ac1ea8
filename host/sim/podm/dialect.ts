/** Versions of Intel's pod manager API that differ in what they speak. */
export const DIALECTS = ["1.2", "2.1", "2.3", "2.4"] as const;
export type DialectName = (typeof DIALECTS)[number];

/** What a version of the API is like. Contract: drivers, section 1. */
export interface Dialect {
  readonly name: DialectName;
  readonly oem: "Intel:RackScale" | "Intel_RackScale";
  /** Pooled devices in fabrics, and how they come to a node. */
  readonly attach: "none" | "endpoint" | "endpoint-info" | "resource";
  /** A request with an unknown member, or a number written as text, is refused. */
  readonly strict: boolean;
  /** A requested processor or module may be met by several together. */
  readonly sums: boolean;
  readonly memoryType: "DimmDeviceType" | "MemoryDeviceType";
  /** Remote storage: `Services` with LogicalDrives, or `StorageServices` with Volumes. */
  readonly volumes: boolean;
  readonly forceDelete: boolean;
  /** What PATCH of a node answers. */
  readonly patched: 200 | 204;
  readonly sessions: boolean;
  readonly etags: boolean;
  readonly eventStream: boolean;
}

const OLD = {
  oem: "Intel_RackScale",
  strict: false,
  sums: false,
  memoryType: "MemoryDeviceType",
  volumes: false,
  forceDelete: false,
  patched: 204,
  sessions: false,
  etags: false,
  eventStream: false,
} as const;

const TABLE: Record<DialectName, Dialect> = {
  "1.2": {
    ...OLD,
    name: "1.2",
    oem: "Intel:RackScale",
    attach: "none",
    sums: true,
    memoryType: "DimmDeviceType",
  },
  "2.1": { ...OLD, name: "2.1", attach: "endpoint" },
  "2.3": { ...OLD, name: "2.3", attach: "endpoint-info", volumes: true, sessions: true, etags: true },
  "2.4": {
    name: "2.4",
    oem: "Intel_RackScale",
    attach: "resource",
    strict: true,
    sums: false,
    memoryType: "MemoryDeviceType",
    volumes: true,
    forceDelete: true,
    patched: 200,
    sessions: true,
    etags: true,
    eventStream: true,
  },
};

export function dialectOf(name: DialectName): Dialect {
  return TABLE[name];
}
