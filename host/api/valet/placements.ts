import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { PlacementService, PlacementView } from "../../services/placements.ts";
import type { PlanService } from "../../services/plans.ts";
import type { Env } from "../context.ts";
import { operation, type ResourceContext, servePath } from "../resource.ts";
import { explain, explanationSchema, placementReserve, placementSchema } from "./schemas.ts";

const onePlacement = z.object({ placement: placementSchema, explanation: explanationSchema.optional() });
const text = z.string().optional();
const search = z.object({
  id: text,
  orchestration_id: text,
  plan_id: text,
  resource_id: text,
  location: text,
  name: text,
  reserved: text,
});

/** `/v1/placements`: where one server goes. */
export function placementsResource(
  placements: PlacementService,
  plans: Pick<PlanService, "explain">,
  shared: Omit<ResourceContext, "tag">,
): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  const context = { ...shared, tag: "placements" };

  /** Of the server's account in its plan, in the same form. */
  const explained = async ({ planId, orchestrationId }: PlacementView, wanted: string | undefined) => {
    if (wanted !== "1" && wanted !== "true") return {};
    const account = (await plans.explain(planId))?.[orchestrationId];
    return { explanation: account === undefined ? null : { [orchestrationId]: account } };
  };

  servePath(app, "/v1/placements", "/", context, {
    lookup: async () => null,
    methods: {
      GET: operation({
        summary: "List placements; every other query key is compared with the placement's metadata",
        query: search,
        success: { status: 200, text: "Placements", schema: z.object({ placements: z.array(placementSchema) }) },
        errors: [],
        handle: async ({ c }) => {
          const query = [...new URL(c.req.url).searchParams];
          // Nothing that is stored contains NUL, and the store could not even be asked.
          const found = query.flat().some((part) => part.includes("\0")) ? [] : await placements.list(query);
          return { status: 200, body: { placements: found.map(placementBody) } };
        },
      }),
    },
  });

  servePath<PlacementView>(app, "/v1/placements", "/{placement}", context, {
    lookup: (param) => placements.find(param("placement")),
    methods: {
      GET: operation({
        summary: "Show a placement, by its id or its orchestration id",
        query: explain,
        success: { status: 200, text: "The placement", schema: onePlacement },
        errors: [404],
        handle: async ({ c, item }) => ({
          status: 200,
          body: { placement: placementBody(item), ...(await explained(item, c.req.query("explain"))) },
        }),
      }),
      POST: operation({
        summary: "Reserve a placement; plan it again when its host is not among the offered ones",
        query: explain,
        body: placementReserve,
        bodyOptional: true,
        success: { status: 201, text: "The placement", schema: onePlacement },
        errors: [400, 404, 413, 500, 503],
        handle: async ({ c, item, body }) => {
          const reserved = await placements.reserve(item.id, {
            action: body.action,
            locations: body.locations ?? [],
            ...(body.resource_id ? { resourceId: body.resource_id } : {}),
            ...(body.flavor ? { flavor: body.flavor } : {}),
            ...(body.project_id ? { projectId: body.project_id } : {}),
          });
          const why = await explained(reserved, c.req.query("explain"));
          return { status: 201, body: { placement: placementBody(reserved), ...why } };
        },
      }),
      DELETE: operation({
        summary: "Forget a placement",
        success: { status: 204, text: "Done" },
        errors: [404],
        handle: async ({ item }) => {
          await placements.remove(item.id);
          return { status: 204 };
        },
      }),
    },
  });
  return app;
}

function placementBody(placement: PlacementView): z.infer<typeof placementSchema> {
  return {
    id: placement.id,
    name: placement.name,
    orchestration_id: placement.orchestrationId,
    resource_id: placement.resourceId,
    location: placement.location,
    reserved: placement.reserved,
    plan_id: placement.planId,
    metadata: placement.metadata,
  };
}
