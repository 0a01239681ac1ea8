// The shape of a problem or data-center file (placement-problem/1). Unknown keys are ignored, so that files with later
// additions load. What a shape cannot say (references, nesting, contradictions) is checked in problem-checks.ts.
import { z } from "zod";
import { GROUP_TYPES, LEVELS } from "./model.ts";

/** The core keeps its columns in i32. */
export const MAX_NUMBER = 2 ** 31 - 1;

// Each `error` completes the sentence "It must be …".
const WHOLE = `a whole number from 0 to ${MAX_NUMBER}`;
const wholeNumber = z.int({ error: WHOLE }).min(0, { error: WHOLE }).max(MAX_NUMBER, { error: WHOLE });
/** The core counts kbit/s in i32, of which the highest number means a link without end. */
export const KBPS_PER_MBPS = 1000;
const MAX_MBPS = Math.floor((MAX_NUMBER - 1) / KBPS_PER_MBPS);
const BANDWIDTH = `a whole number of Mbit/s from 0 to ${MAX_MBPS}`;
const bandwidth = z.int({ error: BANDWIDTH }).min(0, { error: BANDWIDTH }).max(MAX_MBPS, { error: BANDWIDTH });
const name = z.string({ error: "a name (a string that is not empty)" }).min(1, { error: "a name (not empty)" });
const maybeName = z.string({ error: "a name or null" }).nullish();
const names = z.array(name, { error: "a list of names" });
const specs = z.record(z.string(), z.string({ error: "a string" }), {
  error: "an object whose values are strings",
});

const need = { vcpus: wholeNumber, mem_mb: wholeNumber, disk_gb: wholeNumber };

const host = z.object(
  {
    name,
    rack: maybeName,
    cluster: maybeName,
    az: maybeName,
    aggregates: names.optional(),
    traits: names.nullish(),
    status: z.enum(["up", "down"], { error: '"up" or "down"' }),
    capacity: z.object(need, { error: "an object with vcpus, mem_mb and disk_gb" }),
    physical: z
      .object({ vcpus: wholeNumber, mem_mb: wholeNumber }, { error: "an object with vcpus and mem_mb" })
      .optional(),
    used: z
      .object(
        { vcpus: wholeNumber.optional(), mem_mb: wholeNumber.optional(), disk_gb: wholeNumber.optional() },
        { error: "an object with vcpus, mem_mb and disk_gb" },
      )
      .optional(),
    bw_mbps: bandwidth.nullish(),
    bw_used_mbps: bandwidth.nullish(),
  },
  { error: "an object that describes a host" },
);

const rack = z.object(
  { name, cluster: maybeName, uplink_mbps: bandwidth.nullish(), uplink_used_mbps: bandwidth.nullish() },
  { error: "an object that describes a rack" },
);

const KEY = "level:TYPE:name (level host, rack or cluster; TYPE AFF, DIV or EX)";
const existing = z.object(
  {
    id: name,
    host: name,
    groups: z
      .array(z.string({ error: KEY }).regex(/^(host|rack|cluster):(AFF|DIV|EX):./s, { error: KEY }), {
        error: "a list of group keys",
      })
      .optional(),
  },
  { error: "an object with id, host and groups" },
);

const flavor = z.object(
  { id: name, name, ...need, extra_specs: specs.nullish() },
  { error: "an object that describes a flavor" },
);

const vm = z.object(
  {
    name,
    ...need,
    az: maybeName,
    extra_specs: specs.nullish(),
    candidates: names.nullish(),
    excluded: names.nullish(),
    fixed: maybeName,
  },
  { error: "an object that describes a VM" },
);

const volume = z.object(
  {
    name,
    size_gb: wholeNumber.nullish(),
    type: z.string({ error: "a string or null" }).nullish(),
    attached_to: maybeName,
    local: z.boolean({ error: "true or false" }).nullish(),
  },
  { error: "an object that describes a volume" },
);

const pipe = z.object({ a: name, b: name, mbps: bandwidth }, { error: "an object with a, b and mbps" });

const group = z.object(
  {
    name,
    type: z.enum(GROUP_TYPES, { error: GROUP_TYPES.join(", ") }),
    level: z.enum(LEVELS, { error: LEVELS.join(", ") }),
    members: names,
  },
  { error: "an object that describes a group" },
);

const app = z.object(
  {
    name: z.string({ error: "a string" }).optional(),
    vms: z.array(vm, { error: "a list of VMs" }).optional(),
    volumes: z.array(volume, { error: "a list of volumes" }).optional(),
    pipes: z.array(pipe, { error: "a list of pipes" }).optional(),
    groups: z.array(group, { error: "a list of groups" }).optional(),
  },
  { error: "an object that describes an application" },
);

export const problemSchema = z.object(
  {
    format: z.literal("placement-problem/1", { error: '"placement-problem/1"' }),
    name: z.string({ error: "a string" }).optional(),
    seed: z.int({ error: WHOLE }).min(0, { error: WHOLE }).max(MAX_NUMBER, { error: WHOLE }).optional(),
    hosts: z.array(host, { error: "a list of hosts" }),
    racks: z.array(rack, { error: "a list of racks" }).optional(),
    aggregates: z
      .record(z.string(), z.object({ metadata: specs.nullish() }, { error: "an object with metadata" }), {
        error: "an object: name of the aggregate -> its metadata",
      })
      .optional(),
    existing: z.array(existing, { error: "a list of VMs" }).optional(),
    flavors: z.array(flavor, { error: "a list of flavors" }).optional(),
    app: app.nullish(),
  },
  { error: "an object" },
);

/** A problem file as it is written, defaults not filled in. */
export type ProblemFile = z.input<typeof problemSchema>;
