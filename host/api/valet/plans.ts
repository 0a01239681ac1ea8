import { OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import type { PlanRequest, PlanService, PlanView } from "../../services/plans.ts";
import type { Env } from "../context.ts";
import { operation, type ResourceContext, servePath } from "../resource.ts";
import { preparing } from "./errors.ts";
import { explanationSchema, limitResources, planCreate, planSchema, planUpdate } from "./schemas.ts";

const onePlan = z.object({ plan: planSchema, explanation: explanationSchema.optional() });
const planOrNothing = onePlan.extend({ plan: z.union([planSchema, z.strictObject({})]) });
const explain = z.object({
  explain: z.string().optional().openapi({ description: "1 or true: say why each server is where it is" }),
});

/** `/v1/plans`: where the servers of a stack go. */
export function plansResource(plans: PlanService, shared: Omit<ResourceContext, "tag">): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  const context = { ...shared, tag: "plans" };

  const explained = async ({ id }: PlanView, wanted: string | undefined) =>
    wanted === "1" || wanted === "true" ? { explanation: await plans.explain(id) } : {};

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
          const plan = await preparing(plans.create(caller, toRequest(body)));
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
        summary: "Migrate a server (role admin) or update the stack; comes with a later release",
        body: planUpdate,
        adminWhen: ({ action }) => action === "migrate",
        success: { status: 201, text: "The plan", schema: onePlan },
        errors: [400, 404, 413, 501],
        handle: async () => {
          throw new AppError("request.not-implemented", "Updating and migrating plans comes with a later release.");
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

function toRequest(body: z.infer<typeof planCreate>): PlanRequest {
  const resources: PlanRequest["resources"] = Object.fromEntries(
    Object.entries(body.resources).map(([id, entry]) => [
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
  return {
    planName: body.plan_name,
    stackId: body.stack_id,
    resources,
    ...(body.locations ? { locations: body.locations } : {}),
  };
}

function planBody(plan: PlanView): z.infer<typeof planSchema> {
  const placements = plan.placements.map(
    ({ orchestrationId, name, location }) => [orchestrationId, { name, location }] as const,
  );
  return { id: plan.id, stack_id: plan.stackId, name: plan.name, placements: Object.fromEntries(placements) };
}
