import { z } from "zod";
import { Refusal } from "../base/answer.ts";
import type { Dialect } from "./dialect.ts";

/** A request to allocate a node, whatever the dialect it came in. */
export type NodeRequest = z.infer<ReturnType<typeof schemaOf>>;

/** Reads the body of Allocate. Throws a Refusal (400) with a sentence for each violation. */
export function readRequest(body: unknown, dialect: Dialect): NodeRequest {
  const read = schemas[dialect.strict ? "strict" : "loose"].safeParse(body);
  if (read.success) return read.data;
  const details = read.error.issues.map(({ path, message }) => `${path.join("/") || "request"}: ${message}`);
  throw new Refusal(400, "Request contains violations", { code: "Base.1.0.InvalidPayload", details });
}

function schemaOf(strict: boolean) {
  const object = <T extends z.ZodRawShape>(shape: T) => (strict ? z.strictObject(shape) : z.object(shape));
  const number = strict ? z.number().positive() : z.coerce.number<number>().positive();
  const whole = strict ? z.int().positive() : z.coerce.number<number>().int().positive();
  const resource = z.looseObject({ "@odata.id": z.string() });
  const where = { Resource: resource.optional(), Chassis: resource.optional() };
  const text = z.string();
  const processor = object({
    Model: text.nullish(),
    TotalCores: whole.nullish(),
    AchievableSpeedMHz: whole.nullish(),
    InstructionSet: text.nullish(),
    ProcessorType: text.nullish(),
    Connectivity: z.array(text).optional(),
    Oem: z.looseObject({}).optional(),
    ...where,
  });
  const memory = object({
    CapacityMiB: number.nullish(),
    MemoryType: text.nullish(),
    MemoryDeviceType: text.nullish(),
    ...(strict ? {} : { DimmDeviceType: text.nullish() }),
    SpeedMHz: whole.nullish(),
    Manufacturer: text.nullish(),
    DataWidthBits: whole.nullish(),
    ...where,
  });
  const localDrive = object({
    CapacityGiB: number.nullish(),
    Type: z.enum(["HDD", "SSD"]).nullish(),
    MinRPM: number.nullish(),
    SerialNumber: text.nullish(),
    Interface: z.enum(["SAS", "SATA", "NVMe"]).nullish(),
    FabricSwitch: z.boolean().nullish(),
    ...where,
  });
  const remoteDrive = object({
    CapacityGiB: number.nullish(),
    Protocol: z.enum(["iSCSI", "NVMeOverFabrics"]).nullish(),
    Resource: resource.optional(),
    Master: z.looseObject({ Type: z.enum(["Snapshot", "Clone"]).optional(), Resource: resource.optional() }).optional(),
    ...(strict ? {} : { iSCSIAddress: text.nullish() }),
  });
  const flag = strict
    ? z.boolean()
    : z.union([z.boolean(), z.enum(["true", "false"]).transform((it) => it === "true")]);
  const ethernet = object({
    SpeedMbps: whole.nullish(),
    PrimaryVLAN: whole.nullish(),
    VLANs: z.array(object({ VLANId: whole, VLANEnable: flag.optional(), Tagged: flag.optional() })).optional(),
    MACAddress: text.nullish(),
    ...where,
  });
  return object({
    Name: text.nullish(),
    Description: text.nullish(),
    TotalSystemMemoryMiB: whole.nullish(),
    TotalSystemCoreCount: whole.nullish(),
    Security: z.looseObject({}).nullish(),
    Processors: z.array(processor).nullish(),
    Memory: z.array(memory).nullish(),
    LocalDrives: z.array(localDrive).nullish(),
    RemoteDrives: z.array(remoteDrive).nullish(),
    EthernetInterfaces: z.array(ethernet).nullish(),
    Oem: z.unknown().optional(),
    ...(strict ? { SupportedPerformanceConfigurations: z.unknown().optional() } : {}),
  });
}

const schemas = { strict: schemaOf(true), loose: schemaOf(false) };
