import type { Assets, Facts, Provisioning } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";

/** What is sent to Ironic for a node. */
export interface RegistrationFields {
  /** Body of POST /v1/nodes. Carries passwords. */
  readonly node: Facts;
  readonly macs: readonly string[];
  /** Provision states to ask for, in order. */
  readonly targets: readonly string[];
}

export interface RegistrationInput {
  /** Its UUID in Ironic. */
  readonly id: string;
  /** Its UUID here. */
  readonly nodeId: string;
  readonly name: string;
  readonly provisioning: Provisioning;
  /** Null: they could not be read. */
  readonly assets: Assets | null;
  readonly params: Facts;
}

/** Fields of Ironic's nodes a caller may set; `*_interface` as well. Others it refuses with the whole request. */
const FIELDS = new Set([
  "automated_clean",
  "bios_interface",
  "boot_interface",
  "chassis_uuid",
  "conductor_group",
  "console_interface",
  "deploy_interface",
  "description",
  "extra",
  "inspect_interface",
  "lessee",
  "management_interface",
  "name",
  "network_data",
  "network_interface",
  "owner",
  "power_interface",
  "properties",
  "raid_interface",
  "rescue_interface",
  "resource_class",
  "storage_interface",
  "uuid",
  "vendor_interface",
]);
/** Ours, or of the driver. */
const OWN = ["driver", "driver_info", "mac", "target"];
const TARGETS: Readonly<Record<string, readonly string[]>> = { manage: ["manage"], provide: ["manage", "provide"] };

/**
 * The caller's fields over ours; `driver_info`, `properties` and `extra` are merged key by key. Contract: drivers, 5.1.
 * @throws AppError request.invalid naming the field
 */
export function registrationFields(input: RegistrationInput): RegistrationFields {
  const { id, nodeId, name, provisioning, assets, params } = input;
  const more: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(params)) {
    if (OWN.includes(key)) continue;
    if (!FIELDS.has(key))
      throw new AppError(
        "request.invalid",
        `${key}: Ironic's nodes have no such field (known: ${[...OWN, ...FIELDS].join(", ")})`,
      );
    more[key] = value;
  }
  const { target } = params;
  const targets = target === undefined ? [] : typeof target === "string" ? TARGETS[target] : undefined;
  if (targets === undefined) throw new AppError("request.invalid", 'target: expected "manage" or "provide"');
  return {
    node: {
      name: hostnameOf(name, id),
      resource_class: "baremetal",
      ...more,
      uuid: id,
      driver: hardwareType(params.driver) ?? provisioning.driver,
      driver_info: driverInfo(provisioning.driverInfo, objectAt(params, "driver_info")),
      properties: { ...sizes(assets), ...objectAt(params, "properties") },
      extra: { ...objectAt(params, "extra"), ostro_node: nodeId },
    },
    macs: [...new Set(provisioning.macs.map((mac) => mac.toLowerCase()))],
    targets,
  };
}

/** Classic drivers, which Ironic gave up with Rocky, as the hardware types that took their place. */
const HARDWARE_TYPES: Readonly<Record<string, string>> = { pxe_ipmitool: "ipmi", agent_ipmitool: "ipmi" };

function hardwareType(driver: unknown): string | null {
  if (driver === undefined) return null;
  if (typeof driver !== "string")
    throw new AppError("request.invalid", "driver: expected the name of a hardware type of Ironic");
  return HARDWARE_TYPES[driver] ?? driver;
}

/** Our credentials go to our pod manager only: with another address the caller's own are needed. */
function driverInfo(ours: Facts, theirs: Facts): Facts {
  const elsewhere = "redfish_address" in theirs && theirs.redfish_address !== ours.redfish_address;
  const { redfish_username, redfish_password, ...others } = ours;
  return { ...(elsewhere ? others : ours), ...theirs };
}

function objectAt(params: Facts, key: string): Facts {
  const value = params[key];
  if (value === undefined) return {};
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Facts;
  throw new AppError("request.invalid", `${key}: expected an object`);
}

/** Ironic takes names that could be those of hosts only. */
function hostnameOf(name: string, id: string): string {
  const fit = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, "-")
    .replaceAll(/^[.-]+|[.-]+$/g, "")
    .slice(0, 63);
  return fit === "" ? `node-${id.slice(0, 8)}` : fit;
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  "x86-64": "x86_64",
  "ARM-A64": "aarch64",
  PowerISA: "ppc64le",
};

/** As Nova's flavors ask for them: cpus, memory_mb, local_gb, cpu_arch. What is not known is left out. */
function sizes(assets: Assets | null): Facts {
  if (assets === null) return {};
  const { processors, memory, drives } = assets;
  const cpus = sum(processors.map(({ totalCores }) => totalCores));
  const memoryMb = sum(memory.map(({ capacityMib }) => capacityMib));
  const localGb = Math.max(0, ...drives.map(({ capacityGib }) => capacityGib ?? 0));
  const set = processors.find(({ instructionSet }) => instructionSet !== null)?.instructionSet ?? "";
  const architecture = ARCHITECTURES[set];
  return {
    ...(cpus > 0 ? { cpus } : {}),
    ...(memoryMb > 0 ? { memory_mb: memoryMb } : {}),
    ...(localGb > 0 ? { local_gb: Math.floor(localGb) } : {}),
    ...(architecture === undefined ? {} : { cpu_arch: architecture }),
  };
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((all, value) => all + (value ?? 0), 0);
}
