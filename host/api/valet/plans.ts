import { OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import type { Caller } from "../../services/identity.ts";
import type { Migration, PlanRequest, PlanService, PlanView } from "../../services/plans.ts";
import type { StackService } from "../../services/stacks.ts";
import type { Env } from "../context.ts";
import { operation, type ResourceContext, servePath } from "../resource.ts";
import { validate } from "../validate.ts";
import { preparing } from "./errors.ts";
import {
  explain,
  explanationSchema,
  limitResources,
  planCreate,
  planSchema,
  planUpdate,
  stackUpdate,
} from "./schemas.ts";

const onePlan = z.object({ plan: planSchema, explanation: explanationSchema.optional() });
const planOrNothing = onePlan.extend({ plan: z.union([planSchema, z.strictObject({})]) });

/** `/v1/plans`: where the servers of a stack go. */
export function plansResource(
  plans: PlanService,
  stacks: Pick<StackService, "create">,
  shared: Omit<ResourceContext, "tag">,
): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  const context = { ...shared, tag: "plans" };

  const explained = async ({ id }: PlanView, wanted: string | undefined) =>
    wanted === "1" || wanted === "true" ? { explanation: await plans.explain(id) } : {};

  const updated = async (caller: Caller, id: string, body: z.infer<typeof planUpdate>) => {
    if (Array.isArray(body.resources)) throw new AppError("request.invalid", "-> resources: must be an object.");
    const { resources, original_resources } = validate(stackUpdate, body);
    const original = original_resources === undefined ? null : toResources(original_resources);
    return await preparing(plans.update(caller, id, toResources(resources), original));
  };

  servePath(app, "/v1/plans", "/", context, {
    lookup: async () => null,
    methods: {
      GET: operation({
        summary: "List the plans",
        success: { status: 200, text: "The plans", schema: z.object({ plans: z.array(planSchema) }) },
        errors: [],
        handle: async () => ({ status: 200, body: { plans: (await plans.list()).map(planBody) } }),
      }),
      POST: operation({
        summary: "Plan the servers of a stack; a repeat answers with the recorded plan",
        query: explain,
        body: planCreate,
        limits: limitResources,
        success: { status: 201, text: "The plan; empty when the stack has no server", schema: planOrNothing },
        errors: [400, 404, 409, 413, 500, 503],
        handle: async ({ c, caller, body }) => {
          const plan = await preparing(stacks.create(caller, toRequest(body)));
          if (plan === null) return { status: 201, body: { plan: {} } };
          return { status: 201, body: { plan: planBody(plan), ...(await explained(plan, c.req.query("explain"))) } };
        },
      }),
    },
  });

  servePath<PlanView>(app, "/v1/plans", "/{plan}", context, {
    lookup: (param) => plans.find(param("plan")),
    methods: {
      GET: operation({
        summary: "Show a plan, by its id or its stack's",
        query: explain,
        success: { status: 200, text: "The plan", schema: onePlan },
        errors: [404],
        handle: async ({ c, item }) => ({
          status: 200,
          body: { plan: planBody(item), ...(await explained(item, c.req.query("explain"))) },
        }),
      }),
      PUT: operation({
        summary: "Migrate a server (role admin), or update the stack",
        body: planUpdate,
        limits: limitResources,
        adminWhen: ({ action }) => action === "migrate",
        success: { status: 201, text: "The plan", schema: onePlan },
        errors: [400, 404, 409, 413, 500, 503],
        handle: async ({ caller, item, body }) => {
          const plan = await (body.action === "migrate"
            ? plans.migrate(item.id, toMigration(body))
            : updated(caller, item.id, body));
          return { status: 201, body: { plan: planBody(plan) } };
        },
      }),
      DELETE: operation({
        summary: "Forget a plan and release what was never built",
        success: { status: 204, text: "Done" },
        errors: [404],
        handle: async ({ item }) => {
          await plans.remove(item.id);
          return { status: 204 };
        },
      }),
    },
  });
  return app;
}

function toMigration({ resources, excluded_hosts = [] }: z.infer<typeof planUpdate>): Migration {
  if (!Array.isArray(resources) || resources.length !== 1)
    throw new AppError("request.invalid", "-> resources: resources must be a list of length 1.");
  return { server: resources[0]!, excludedHosts: excluded_hosts };
}

function toResources(resources: z.infer<typeof stackUpdate>["resources"]): PlanRequest["resources"] {
  return Object.fromEntries(
    Object.entries(resources).map(([id, entry]) => [
      id,
      {
        type: entry.type,
        ...(entry.name === undefined ? {} : { name: entry.name }),
        ...(entry.properties ? { properties: entry.properties } : {}),
        ...(entry.metadata ? { metadata: entry.metadata } : {}),
        ...(entry.resource_id ? { resourceId: entry.resource_id } : {}),
        ...(entry.locations ? { locations: entry.locations } : {}),
      },
    ]),
  );
}

function toRequest(body: z.infer<typeof planCreate>): PlanRequest {
  return {
    planName: body.plan_name,
    stackId: body.stack_id,
    resources: toResources(body.resources),
    ...(body.locations ? { locations: body.locations } : {}),
  };
}

function planBody(plan: PlanView): z.infer<typeof planSchema> {
  const placements = plan.placements.map(
    ({ orchestrationId, name, location }) => [orchestrationId, { name, location }] as const,
  );
  return { id: plan.id, stack_id: plan.stackId, name: plan.name, placements: Object.fromEntries(placements) };
}
