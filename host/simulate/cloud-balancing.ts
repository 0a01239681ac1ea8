// Cases of OptaPlanner's cloud balancing: processes to be given computers. Its aim is the cost of the computers in use;
// ours is how few they are, so the cost is only reported.

import { z } from "zod";
import { findSyntaxError, locate, writePath } from "../core/json-position.ts";
import type { Application, DataCenter } from "../core/model.ts";
import { MAX_NUMBER } from "../core/problem-schema.ts";
import { AppError } from "../errors.ts";

const WHOLE = `a whole number from 0 to ${MAX_NUMBER}`;
const whole = z.int({ error: WHOLE }).min(0, { error: WHOLE }).max(MAX_NUMBER, { error: WHOLE });
const schema = z.object(
  {
    computerList: z.array(
      z.object({ id: whole, cpuPower: whole, memory: whole, networkBandwidth: whole, cost: whole }),
      {
        error: "a list of computers (as in OptaPlanner's cloud balancing; `ostro plan` takes problem files)",
      },
    ),
    processList: z.array(
      z.object({ id: whole, requiredCpuPower: whole, requiredMemory: whole, requiredNetworkBandwidth: whole }),
      { error: "a list of processes" },
    ),
  },
  { error: "an object with computerList and processList" },
);

export interface CloudBalancingCase {
  readonly dataCenter: DataCenter;
  readonly application: Application;
  /** Of a computer in use, by its name as a host. */
  readonly costOf: ReadonlyMap<string, number>;
}

/**
 * Computers are hosts and processes VMs. A process takes bandwidth of its computer wherever its peers are, so it is a
 * third amount like CPU and memory, not a pipe: it is planned as disk.
 * @throws AppError file.invalid
 */
export function parseCloudBalancing(text: string, fileName: string): CloudBalancingCase {
  const { computerList, processList } = readShape(text, fileName);
  const hosts = computerList.map(({ id, cpuPower, memory, networkBandwidth }) => ({
    name: `computer-${id}`,
    rack: null,
    cluster: null,
    zone: null,
    aggregates: [],
    up: true,
    capacity: { vcpus: cpuPower, ramMiB: memory, diskGiB: networkBandwidth },
    physical: { vcpus: cpuPower, ramMiB: memory },
    used: { vcpus: 0, ramMiB: 0, diskGiB: 0 },
  }));
  const vms = processList.map(({ id, requiredCpuPower, requiredMemory, requiredNetworkBandwidth }) => ({
    name: `process-${id}`,
    vcpus: requiredCpuPower,
    ramMiB: requiredMemory,
    diskGiB: requiredNetworkBandwidth,
    zone: null,
    extraSpecs: {},
  }));
  for (const [list, things] of [
    ["computerList", hosts],
    ["processList", vms],
  ] as const)
    refuseTwins(text, fileName, list, things);
  return {
    dataCenter: { hosts, aggregates: {}, existing: [], flavors: [] },
    application: { name: fileName, vms, groups: [] },
    costOf: new Map(computerList.map(({ id, cost }) => [`computer-${id}`, cost])),
  };
}

function readShape(text: string, fileName: string): z.infer<typeof schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const fault = findSyntaxError(text);
    const [at, expected] = fault
      ? [`:${fault.line}:${fault.column}`, `expected ${fault.expected}`]
      : ["", (cause as Error).message];
    throw new AppError("file.invalid", `${fileName}${at}: no JSON, ${expected}.`, { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw invalid(text, fileName, path, `It must be ${message}.`);
}

function refuseTwins(text: string, fileName: string, list: string, things: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const [i, { name }] of things.entries()) {
    if (seen.has(name)) throw invalid(text, fileName, [list, i, "id"], `${name} is there twice.`);
    seen.add(name);
  }
}

function invalid(text: string, fileName: string, path: readonly PropertyKey[], message: string): AppError {
  const written = path.length > 0 ? `${writePath(path)}: ` : "";
  return new AppError("file.invalid", `${fileName}:${locate(text, path).line}: ${written}${message}`);
}
