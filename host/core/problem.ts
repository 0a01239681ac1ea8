// Problem and data-center files (placement-problem/1), read; to-problem.ts writes them. Every fault of a file is an AppError "file.invalid"
// that names the file, the line, the path inside the JSON, what is there and what should be.
import { readFile } from "node:fs/promises";
import { AppError } from "../errors.ts";
import { findSyntaxError, type JsonPath, locate, writePath } from "./json-position.ts";
import type { Application, DataCenter, Group, Host, Pipe, Rack, Resources, Vm } from "./model.ts";
import { checkApplication, checkDataCenter, container, ProblemFault } from "./problem-checks.ts";
import { KBPS_PER_MBPS, MAX_NUMBER, type ProblemFile, problemSchema } from "./problem-schema.ts";
import { traitSet } from "./traits.ts";

export interface Problem {
  readonly name: string;
  readonly seed: number;
  readonly dataCenter: DataCenter;
  /** null: a pure data-center file. */
  readonly application: Application | null;
}

/** @throws AppError file.invalid; also when the file cannot be read. */
export async function readProblemFile(path: string): Promise<Problem> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a directory" : message;
    throw new AppError("file.invalid", `${path}: cannot be read, ${why}.`, { cause });
  }
  return parseProblem(text, path);
}

/** `fileName` is only used in messages. @throws AppError file.invalid */
export function parseProblem(text: string, fileName: string): Problem {
  const json = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    const file = readShape(parseJson(json, fileName));
    checkDataCenter(file);
    if (file.app) checkApplication(file.app, new Set(file.hosts.map((host) => host.name)));
    return {
      name: file.name ?? fileName,
      seed: file.seed ?? 1,
      dataCenter: toDataCenter(file),
      application: file.app ? toApplication(file.app, file.name ?? fileName) : null,
    };
  } catch (error) {
    if (!(error instanceof ProblemFault)) throw error;
    throw invalid(json, fileName, error.path, error.message);
  }
}

function read(need: {
  vcpus?: number | undefined;
  mem_mb?: number | undefined;
  disk_gb?: number | undefined;
}): Resources {
  return { vcpus: need.vcpus ?? 0, ramMiB: need.mem_mb ?? 0, diskGiB: need.disk_gb ?? 0 };
}

const NOTHING: Resources = { vcpus: 0, ramMiB: 0, diskGiB: 0 };

function toDataCenter(file: ProblemFile): DataCenter {
  const metadata = Object.entries(file.aggregates ?? {}).map(([name, { metadata }]) => [name, metadata ?? {}]);
  return {
    hosts: file.hosts.map((host): Host => {
      const capacity = read(host.capacity);
      const physical = host.physical ?? host.capacity;
      return {
        name: host.name,
        rack: container(host.rack),
        cluster: container(host.cluster),
        zone: host.az || null,
        aggregates: host.aggregates ?? [],
        ...(host.traits && { traits: traitSet(host.traits) }),
        up: host.status === "up",
        capacity,
        physical: { vcpus: physical.vcpus, ramMiB: physical.mem_mb },
        used: read(host.used ?? {}),
        ...(host.bw_mbps != null && {
          nicKbps: host.bw_mbps * KBPS_PER_MBPS,
          nicUsedKbps: (host.bw_used_mbps ?? 0) * KBPS_PER_MBPS,
        }),
      };
    }),
    racks: (file.racks ?? []).flatMap(({ name, uplink_mbps: uplink, uplink_used_mbps: used }): Rack[] =>
      uplink == null ? [] : [{ name, uplinkKbps: uplink * KBPS_PER_MBPS, uplinkUsedKbps: (used ?? 0) * KBPS_PER_MBPS }],
    ),
    aggregates: Object.fromEntries(metadata),
    existing: (file.existing ?? []).map(({ id, host, groups }) => ({ id, host, groups: groups ?? [], need: NOTHING })),
    flavors: (file.flavors ?? []).map((flavor) => ({
      id: flavor.id,
      name: flavor.name,
      ...read(flavor),
      extraSpecs: flavor.extra_specs ?? {},
    })),
  };
}

function toApplication(app: NonNullable<ProblemFile["app"]>, name: string): Application {
  const attached = new Map((app.volumes ?? []).map((volume) => [volume.name, volume.attached_to || null]));
  const diskOf = new Map((app.vms ?? []).map((vm) => [vm.name, vm.disk_gb]));
  for (const [i, { attached_to: vm, local, size_gb: size }] of (app.volumes ?? []).entries()) {
    if (!local || !vm) continue;
    const sum = diskOf.get(vm)! + (size ?? 0);
    if (sum > MAX_NUMBER)
      throw new ProblemFault(
        ["app", "volumes", i, "size_gb"],
        `VM (${vm}) and its local volumes take ${sum} GB.\nIt must be at most ${MAX_NUMBER}.`,
      );
    diskOf.set(vm, sum);
  }
  return {
    name: app.name ?? name,
    vms: (app.vms ?? []).map(
      (vm): Vm => ({
        name: vm.name,
        ...read(vm),
        diskGiB: diskOf.get(vm.name)!,
        zone: vm.az || null,
        extraSpecs: vm.extra_specs ?? {},
        ...(vm.candidates && { candidates: vm.candidates }),
        ...(vm.excluded && { excluded: vm.excluded }),
        ...(vm.fixed && { fixed: vm.fixed }),
      }),
    ),
    groups: (app.groups ?? []).map(({ name, type, level, members }): Group => {
      // A volume stands for its VM; one that is attached to none stands for nothing.
      const resolved = members.map((member) => (attached.has(member) ? attached.get(member)! : member));
      return { name, type, level, members: [...new Set(resolved.filter((member) => member !== null))] };
    }),
    pipes: (app.pipes ?? [])
      .map(({ a, b, mbps }): Pipe => {
        const end = (name: string) => attached.get(name) ?? name;
        return { a: end(a), b: end(b), kbps: mbps * KBPS_PER_MBPS };
      })
      // Between a VM and a volume that is where the VM is.
      .filter(({ a, b }) => a !== b),
  };
}

function parseJson(json: string, fileName: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const fault = findSyntaxError(json);
    if (fault === null)
      throw new AppError("file.invalid", `${fileName}: no JSON, ${(cause as Error).message}.`, { cause });
    throw new AppError(
      "file.invalid",
      `${fileName}:${fault.line}:${fault.column}: no JSON, expected ${fault.expected}.`,
      { cause },
    );
  }
}

function readShape(json: unknown): ProblemFile {
  const result = problemSchema.safeParse(json);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const { path, message } = first!;
  const there = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], json);
  const shown = there === undefined ? "is missing" : `is ${JSON.stringify(there).slice(0, 80)}`;
  const more = result.error.issues.length - 1;
  throw new ProblemFault(
    path,
    `it ${shown}.\nIt must be ${message}.${more > 0 ? ` (${more} more ${more === 1 ? "fault" : "faults"} in this file.)` : ""}`,
  );
}

function invalid(json: string, fileName: string, path: JsonPath, message: string): AppError {
  const { line } = locate(json, path);
  return new AppError(
    "file.invalid",
    `${fileName}:${line}: ${path.length > 0 ? `${writePath(path)}: ` : ""}${message}`,
  );
}
