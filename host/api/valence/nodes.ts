import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type NodePatch, type NodeRecord, type NodeService, requirementsOf } from "../../services/hardware/nodes.ts";
import { validate } from "../validate.ts";
import { jsonBody } from "./body-rules.ts";
import { confirmation, deleted } from "./confirmation.ts";
import type { ValenceEnv } from "./context.ts";
import {
  answerList,
  fieldsOf,
  flag,
  type ListForm,
  type ListRequest,
  listQuery,
  listRequest,
  matches,
  pick,
} from "./list.ts";
import { BRIEF, briefSchema, detailSchema, FIELDS, LIVE, LIVE_METADATA, renderBrief, renderNode } from "./node-view.ts";
import { changedBy, type Patch, patchBody } from "./patch.ts";
import { propertiesSchema } from "./properties.ts";
import { type Answer, type Call, operation, type Settings, servePath } from "./serve.ts";

const FILTERS = ["uuid", "name", "podm_id", "index", "resource_uri", "managed_by", "node_state", "node_power_state"];
const LIST: ListForm = {
  fields: FIELDS,
  brief: BRIEF,
  key: "uuid",
  envelope: { name: "nodes", from: "1.1" },
};

const name = z.string().min(1).max(255);
const description = z.string().max(1000);
const composeSchema = z
  .strictObject({
    name,
    description: description.optional(),
    flavor_id: z.string().optional(),
    properties: propertiesSchema.optional(),
    podm_id: z.string().nullable().optional().describe("Absent: the pod manager where it fits best"),
  })
  .refine((body) => body.flavor_id === undefined || body.properties === undefined, {
    error: "flavor_id and properties exclude each other",
  });
const manageSchema = z.strictObject({
  node_index: z.string().min(1).max(1000),
  podm_id: z.string().nullable().optional().describe("Needed when there are several pod managers"),
});
const metadata = z
  .record(z.string().min(1).max(255), z.unknown())
  .refine((given) => JSON.stringify(given).length <= 16_384, { error: "is longer than 16384 characters of JSON" })
  .refine((given) => LIVE_METADATA.every((key) => !(key in given)), {
    error: `${LIVE_METADATA.join(", ")} are what the hardware says of itself`,
  });
const mergeSchema = z.strictObject({
  name: name.optional(),
  description: description.nullable().optional(),
  provision_state: z.string().max(255).nullable().optional(),
  metadata: metadata.optional(),
});
/** Which members single operations may name. */
const PATHS = /^\/(name|description|provision_state|metadata\/[^/]+)$/;

/** `/v1/nodes`: nodes composed of pooled hardware. Contract: valence-rest, section 6. */
export function nodesResource(nodes: NodeService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  const detail = async (ident: string, call: Call<unknown>) => {
    const { record, live } = await nodes.view(ident, call.signal);
    return renderNode(record, live, call);
  };
  servePath(app, settings, "nodes", "/v1/nodes", {
    GET: operation({
      summary: "List the nodes; what only their hardware knows is asked when a filter, sort_key or fields names it",
      query: listQuery(FILTERS),
      success: z.array(briefSchema),
      errors: [400],
      handle: (call) => list(nodes, call, settings),
    }),
    POST: operation({
      summary: "Compose a node by a flavor, by properties, or by neither; answers when it is assembled",
      query: { explain: "1: with the reasons for the hardware that was chosen" },
      body: jsonBody(composeSchema),
      success: briefSchema.extend({ reasons: z.array(z.string()).optional() }),
      errors: [400, 404, 409, 413, 415, 502, 503, 504],
      async handle(call) {
        const { body, query, requestId, signal } = call;
        const explain = flag(query, "explain");
        const { record, reasons } = await nodes.compose(
          {
            name: body.name,
            podManagerId: body.podm_id || null,
            requestId,
            ...(body.description === undefined ? {} : { description: body.description }),
            ...(body.flavor_id === undefined ? {} : { flavorId: body.flavor_id }),
            ...(body.properties === undefined ? {} : { requirements: requirementsOf(body.properties) }),
          },
          signal,
        );
        return { status: 200, body: { ...renderBrief(record, call), ...(explain ? { reasons } : {}) } };
      },
    }),
  });
  servePath(
    app,
    settings,
    "nodes",
    "/v1/nodes/manage",
    {
      POST: operation({
        summary: "Take a node that a pod manager has already under management",
        body: jsonBody(manageSchema),
        success: briefSchema,
        errors: [400, 404, 409, 413, 415, 502, 503, 504],
        async handle(call) {
          const { node_index: index, podm_id } = call.body;
          const record = await nodes.manage({ index, podManagerId: podm_id || null }, call.signal);
          return { status: 200, body: renderBrief(record, call) };
        },
      }),
    },
    { alsoAnId: true },
  );
  servePath(app, settings, "nodes", "/v1/nodes/{node_ident}", {
    GET: operation({
      summary: "Show a node, by id or a name that is its own",
      query: { cached: "true: what is stored, without asking the hardware", fields: listQuery([]).fields! },
      success: detailSchema,
      errors: [400, 404, 409, 502, 503, 504],
      async handle(call) {
        const ident = call.param("node_ident");
        const cached = flag(call.query, "cached");
        const body = cached ? renderNode(await nodes.find(ident), null, call) : await detail(ident, call);
        return { status: 200, body: pick(body, fieldsOf(call.query, Object.keys(body).concat(FIELDS))) };
      },
    }),
    PATCH: operation({
      summary: "Change name, description, provision_state and metadata of a node",
      body: patchBody(mergeSchema),
      success: detailSchema,
      errors: [400, 404, 409, 413, 415],
      async handle(call) {
        const record = await nodes.patch(call.param("node_ident"), (stored) => changesOf(stored, call.body));
        // It is changed, whether its hardware can be asked or not.
        const [live] = await nodes.views([record], call.signal);
        return { status: 200, body: renderNode(record, live ?? null, call) };
      },
    }),
    DELETE: operation({
      summary: "Give the hardware of a node back and forget the node",
      success: confirmation,
      errors: [404, 409, 502, 503, 504],
      async handle(call) {
        const { id } = await nodes.remove(call.param("node_ident"), call.requestId, call.signal);
        return deleted(call, `Node ${id}`);
      },
    }),
  });
  return app;
}

async function list(nodes: NodeService, call: Call<undefined>, settings: Settings): Promise<Answer> {
  const request = listRequest(call.query, LIST, settings.maxLimit);
  const records = await nodes.list();
  if (!asksHardware(request))
    return answerList(
      call,
      LIST,
      request,
      records.map((record) => renderNode(record, null, call)),
    );
  // Only those are asked that could be in the answer.
  const stored = [...request.filters].filter(([field]) => !LIVE.includes(field));
  const wanted = records.filter((record) => matches(renderNode(record, null, call), stored));
  const views = await nodes.views(wanted, call.signal);
  return answerList(
    call,
    LIST,
    request,
    wanted.map((record, at) => renderNode(record, views[at] ?? null, call)),
  );
}

function asksHardware({ filters, fields, sortKey }: ListRequest): boolean {
  return [...filters.keys(), ...(fields ?? []), sortKey ?? ""].some(
    (field) => LIVE.includes(field) || field === "metadata",
  );
}

function changesOf(stored: NodeRecord, patch: Patch<z.infer<typeof mergeSchema>>): NodePatch {
  const { name, description, provisionState: provision_state, metadata } = stored;
  const given =
    "merge" in patch
      ? patch.merge
      : validate(mergeSchema, changedBy(patch, { name, description, provision_state, metadata }, PATHS));
  return {
    ...(given.name === undefined ? {} : { name: given.name }),
    ...(given.description === undefined ? {} : { description: given.description ?? "" }),
    ...(given.provision_state === undefined ? {} : { provisionState: given.provision_state }),
    ...(given.metadata === undefined
      ? {}
      : { metadata: "merge" in patch ? merged(metadata, given.metadata) : given.metadata }),
  };
}

/** Members replace those that are stored; null removes. */
function merged(stored: Readonly<Record<string, unknown>>, given: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries({ ...stored, ...given }).filter(([, value]) => value !== null));
}
