import { z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";

// Bodies of Valet's API. Closed objects take the union of the keys of both generations (2017 and 2018).

const MAX_RESOURCES = 10_000;
const MAX_SERVERS = 1_000;
/** Names and ids are free text, but indexed. */
const MAX_NAME = 255;

const name = z.string().min(1).max(MAX_NAME);
const hosts = z.array(name).openapi({ description: "Names of the hosts that may be chosen" });
const openObject = z.record(z.string(), z.unknown());

export const groupSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    type: z.string(),
    level: z.enum(["host", "rack", "cluster"]).nullable(),
    members: z.array(z.string()).openapi({ description: "Project ids" }),
  })
  .openapi("Group");

export const groupCreate = z
  .strictObject({
    name: name
      .regex(/^[A-Za-z0-9\-._~]+$/, "expected only letters, digits and - . _ ~")
      // As a path segment these two mean another path.
      .regex(/^(?!\.{1,2}$)/, "expected more than one or two dots"),
    type: z.enum(["affinity", "diversity", "exclusivity"]),
    description: z.string().optional(),
    level: z.enum(["host", "rack", "cluster"]).optional(),
  })
  .openapi("GroupCreate");

export const groupUpdate = z.strictObject({ description: z.string().optional() }).openapi("GroupUpdate");

export const membersAdd = z.strictObject({ members: z.array(name) }).openapi("GroupMembers");

/** Heat's plugin of 2017 sends `Type`, `Properties`, …; that of 2018 lower case. Other keys of an entry are ignored. */
const resourceEntry = z
  .preprocess(
    lowerCaseKeys,
    z.object({
      name: name.optional(),
      type: name,
      properties: openObject.nullish(),
      metadata: openObject.nullish(),
      resource_id: name.nullish(),
      locations: hosts.nullish(),
    }),
  )
  .openapi("StackResource", {
    description:
      "One resource of the stack in HOT form. Keys may be capitalised. Servers, group assignments, pipes, volumes and volume attachments count; other types are ignored",
  });

export const planCreate = z
  .strictObject({
    plan_name: name,
    stack_id: name,
    resources: z.record(name, resourceEntry).openapi({ description: "Orchestration id -> resource" }),
    locations: hosts.optional(),
    timeout: z.string().optional().openapi({ description: "Taken and ignored" }),
    specifications: openObject.optional().openapi({ description: "Taken and ignored" }),
    reservations: openObject.optional().openapi({ description: "Taken and ignored" }),
  })
  .openapi("PlanCreate");

/** Throws request.invalid naming the limit. */
export function limitResources({ resources }: Readonly<Record<string, unknown>>): void {
  if (typeof resources !== "object" || resources === null) return;
  const entries = Object.values(resources);
  if (entries.length > MAX_RESOURCES) {
    throw tooMany(`${entries.length} resources, at most ${MAX_RESOURCES} are taken`);
  }
  const servers = entries.filter(
    (entry) => (lowerCaseKeys(entry) as { type?: unknown } | null)?.type === "OS::Nova::Server",
  );
  if (servers.length > MAX_SERVERS) throw tooMany(`${servers.length} servers, at most ${MAX_SERVERS} are taken`);
}

function tooMany(what: string): AppError {
  return new AppError("request.invalid", `-> resources: ${what} in one request. Maybe split the stack.`);
}

const planPlacement = z.object({ name: z.string(), location: z.string().openapi({ description: "Host name" }) });

export const planSchema = z
  .object({
    id: z.string(),
    stack_id: z.string(),
    name: z.string(),
    placements: z.record(z.string(), planPlacement).openapi({ description: "Orchestration id -> placement" }),
  })
  .openapi("Plan");

const choice = z
  .object({
    host: z.string(),
    adds: z
      .object({
        hosts_activated: z.int(),
        reserved_bw_mbps: z.number(),
        hosts_touched: z.int(),
        racks_touched: z.int(),
        left_bp: z.int(),
      })
      .openapi({ description: "What the server adds to each level of the objective there" }),
  })
  .openapi("Choice");

/** The query of what can be explained. */
export const explain = z.object({
  explain: z.string().optional().openapi({ description: "1 or true: say why each server is where it is" }),
});

export const explanationSchema = z
  .record(
    z.string(),
    z.object({
      refused: z
        .record(z.string(), z.int())
        .openapi({ description: "Rule -> hosts that it refuses and that no rule before it refuses" }),
      allowed: z.int().openapi({ description: "Hosts that no rule refuses, the chosen one among them" }),
      chosen: choice,
      runner_up: choice.nullable().openapi({ description: "The best other host; null: there is none" }),
    }),
  )
  .nullable()
  .openapi("Explanation", {
    description: "Orchestration id -> why the server is where it is; null: the plan breaks a rule by now",
  });

const resourceMap = z.record(name, resourceEntry).openapi({ description: "Orchestration id -> resource" });

export const planUpdate = z
  .strictObject({
    action: z.enum(["update", "migrate"]),
    resources: z.union([z.array(name), z.record(name, z.unknown())]).openapi({
      description: "migrate: a list of one id, of a server or its orchestration id. update: all resources of the stack",
    }),
    original_resources: openObject.optional().openapi({ description: "update: the resources of the stack before" }),
    excluded_hosts: z.array(name).optional().openapi({ description: "migrate: hosts that are no choice" }),
    plan_name: name.optional().openapi({ description: "Taken and ignored" }),
    stack_id: name.optional().openapi({ description: "Taken and ignored" }),
    timeout: z.string().optional().openapi({ description: "Taken and ignored" }),
  })
  .openapi("PlanUpdate");

/** What `update` makes of it. */
export const stackUpdate = z.object({ resources: resourceMap, original_resources: resourceMap.optional() });

export const placementSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    orchestration_id: z.string(),
    resource_id: z.string().nullable(),
    location: z.string(),
    reserved: z.boolean(),
    plan_id: z.string(),
    metadata: openObject,
  })
  .openapi("Placement");

/** The originals had no schema here, so unknown keys are ignored. */
export const placementReserve = z
  .object({
    action: z.enum(["reserve", "replan"]).default("reserve"),
    resource_id: name.nullish(),
    locations: hosts.nullish(),
    flavor: name.nullish().openapi({ description: "Name or id of the flavor it is to have, for a resize" }),
    project_id: name
      .nullish()
      .openapi({ description: "Of the server; only a place in a plan of this project is found" }),
  })
  .openapi("PlacementReserve");

const versionLinks = z.array(z.object({ href: z.string(), rel: z.string() }));
export const versionsSchema = z
  .object({ versions: z.array(z.object({ status: z.string(), id: z.string(), links: versionLinks })) })
  .openapi("Versions");

function lowerCaseKeys(entry: unknown): unknown {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return entry;
  return Object.fromEntries(Object.entries(entry).map(([key, value]) => [key.toLowerCase(), value]));
}
