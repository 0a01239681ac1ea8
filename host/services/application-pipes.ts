// The pipes that a stack declares: bandwidth to be reserved between two of its servers.

import type { Pipe } from "../core/model.ts";
import { fault, isObject, quote } from "./application-fault.ts";
import { ATTACHMENT, type Resources, referenceOf } from "./application-resources.ts";

const PIPES = new Set(["ATT::Valet::Pipe", "OS::Valet::Pipe"]);

/** kbit/s in one of each unit. Exact names: MBps would be bytes. */
const UNITS: Readonly<Record<string, number>> = {
  bps: 0.001,
  Kbps: 1,
  kbps: 1,
  Mbps: 1000,
  mbps: 1000,
  Gbps: 1_000_000,
  gbps: 1_000_000,
};
/** The core counts kbit/s in 32 bits and takes the highest number for a link without end. */
const MOST_KBPS = 2 ** 31 - 2;
/** Digits that a product of doubles keeps, so that 24.1 Mbps are 24,100 kbit/s and not one more. */
const EXACT_DIGITS = 15;

/**
 * The stack's pipes between VMs, in the order of the request. Those that reserve nothing are left out: of no bandwidth, or
 * between a server and its own volume, which costs nothing wherever the volume is (on the host's disk, or Cinder's).
 * @throws AppError application.invalid naming resource and field
 */
export function pipesOf(resources: Resources): Pipe[] {
  const pipes: Pipe[] = [];
  for (const [key, { type, properties = {} }] of resources.entries()) {
    if (!PIPES.has(type)) continue;
    const kbps = bandwidthOf(key, properties.bandwidth);
    const ends = endsOf(resources, key, properties.resources);
    if (ends === null || kbps === 0) continue;
    const [a, b] = ends;
    if (a !== b) pipes.push({ a, b, kbps });
  }
  return pipes;
}

/** Keys of two servers, which may be one; null: the ends are those of a volume attachment. */
function endsOf(resources: Resources, key: string, list: unknown): readonly [string, string] | null {
  const field = "properties.resources";
  const right = "give two of the stack's servers, volumes or attachments, or one volume attachment";
  if (!Array.isArray(list)) throw fault(key, field, `${quote(list)} is not a list; ${right}`);
  const targets = list.map((entry, at) => targetOf(resources, key, entry, `${field}[${at}]`));
  if (targets.length === 1 && resources.get(targets[0]!)?.type === ATTACHMENT) return null;
  if (targets.length !== 2) throw fault(key, field, `a pipe has two ends, not ${targets.length}; ${right}`);
  if (targets[0] === targets[1]) throw fault(key, field, `both ends are ${quote(list[0])}; ${right}`);
  const [a, b] = targets.map((target, at) => {
    const server = resources.serverAt(target);
    if (server !== undefined) return server;
    const type = resources.get(target)!.type;
    throw fault(key, `${field}[${at}]`, `${quote(list[at])} (${type}) is no server and attached to none of the stack`);
  });
  return [a!, b!];
}

function targetOf(resources: Resources, key: string, entry: unknown, field: string): string {
  const reference = referenceOf(entry);
  if (reference === undefined || reference === "")
    throw fault(key, field, `${quote(entry)} is not the key or name of a resource`);
  const target = resources.keyOf(reference, key, field);
  if (target === undefined) throw fault(key, field, `the stack has no resource of the key or name ${quote(reference)}`);
  return target;
}

/** What is reserved, kbit/s, rounded up. `given`: `{min, units}`, or a number of Mbps. */
function bandwidthOf(key: string, given: unknown): number {
  const right = `give {"min": 100, "units": "Mbps"} or a number of Mbps`;
  if (given === undefined || given === null) throw fault(key, "properties.bandwidth", `is missing; ${right}`);
  if (!isObject(given)) return kbpsOf(key, "properties.bandwidth", given, "Mbps", right);
  const { min, units = "Mbps" } = given;
  if (typeof units !== "string" || !Object.hasOwn(UNITS, units))
    throw fault(
      key,
      "properties.bandwidth.units",
      `unknown unit ${quote(units)}; give one of ${Object.keys(UNITS).join(", ")}`,
    );
  if (min === undefined || min === null) throw fault(key, "properties.bandwidth.min", `is missing; ${right}`);
  return kbpsOf(key, "properties.bandwidth.min", min, units, right);
}

function kbpsOf(key: string, field: string, given: unknown, unit: string, right: string): number {
  // A template's parameters may come as text.
  const number = typeof given === "string" && /^\d+(\.\d+)?$/.test(given) ? Number(given) : given;
  if (typeof number !== "number" || !Number.isFinite(number) || number < 0)
    throw fault(key, field, `${quote(given)} is not a bandwidth from 0 on; ${right}`);
  const kbps = Math.ceil(Number((number * UNITS[unit]!).toPrecision(EXACT_DIGITS)));
  if (kbps > MOST_KBPS)
    throw fault(key, field, `${quote(given)} ${unit} is more than any link has (${MOST_KBPS} kbit/s)`);
  return kbps;
}
