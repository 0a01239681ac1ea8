import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { DeviceFilter, DeviceService, DeviceView } from "../../services/hardware/devices.ts";
import { jsonBody } from "./body-rules.ts";
import type { ValenceEnv } from "./context.ts";
import { linksSchema, linksTo } from "./links.ts";
import { answerList, fieldsOf, type ListForm, listQuery, listRequest, pick } from "./list.ts";
import { type Call, operation, type Settings, servePath } from "./serve.ts";
import { timeText } from "./version.ts";

/** Fields of a device that can be filters, and what the service calls them. */
const FILTERS: { readonly [field: string]: keyof DeviceFilter } = {
  uuid: "id",
  podm_id: "podManagerId",
  node_id: "nodeIndex",
  type: "type",
  state: "state",
  pooled_group_id: "pooledGroupId",
  resource_uri: "resourceUri",
};
const BRIEF = ["uuid", "podm_id", "type", "state", "node_id", "resource_uri", "pooled_group_id"];
const LIST: ListForm = {
  fields: [...BRIEF, "properties", "extra", "created_at", "updated_at", "links"],
  brief: [...BRIEF, "links"],
  key: "uuid",
};

const brief = z.object({
  uuid: z.string(),
  podm_id: z.string(),
  type: z.string().nullable().describe("SSD, HDD, NVMe, NIC, GPU, FPGA, …"),
  state: z.enum(["free", "allocated", "error"]).describe("error: it is at a node, and gone or down"),
  node_id: z.string().nullable().describe("Index of the node that has it"),
  resource_uri: z.string(),
  pooled_group_id: z.string().nullable(),
  links: linksSchema,
});
const shown = brief
  .extend({
    properties: z.record(z.string(), z.unknown()),
    extra: z.record(z.string(), z.unknown()),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Device");
const syncSchema = z.strictObject({ podm_id: z.string().nullable().optional() });
const outcome = z.object({
  podm_id: z.string(),
  status: z.enum(["SUCCESS", "FAILED"]),
  detail: z.string().optional().describe("Why it failed"),
});

/** `/v1/devices`: devices of the pools. Contract: valence-rest, section 7. */
export function devicesResource(devices: DeviceService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "devices", "/v1/devices", {
    GET: operation({
      summary: "List the devices",
      query: listQuery(Object.keys(FILTERS)),
      success: z.array(brief),
      errors: [400],
      async handle(call) {
        const request = listRequest(call.query, LIST, settings.maxLimit);
        const found = await devices.list(filterOf(request.filters));
        return answerList(
          call,
          LIST,
          request,
          found.map((view) => renderDevice(view, call)),
        );
      },
    }),
  });
  servePath(
    app,
    settings,
    "devices",
    "/v1/devices/sync",
    {
      POST: operation({
        summary: "List the devices of one pod manager anew, or of all",
        body: jsonBody(syncSchema, { optional: true }),
        success: z.array(outcome),
        errors: [400, 413, 415],
        async handle({ body, signal }) {
          const outcomes = await devices.sync(body.podm_id ?? null, signal);
          return {
            status: 200,
            body: outcomes.map(({ podManagerId, ...rest }) => ({ podm_id: podManagerId, ...rest })),
          };
        },
      }),
    },
    { alsoAnId: true },
  );
  servePath(app, settings, "devices", "/v1/devices/{device_id}", {
    GET: operation({
      summary: "Show a device",
      query: { fields: listQuery([]).fields! },
      success: shown,
      errors: [400, 404],
      async handle(call) {
        const fields = fieldsOf(call.query, LIST.fields);
        return { status: 200, body: pick(renderDevice(await devices.find(call.param("device_id")), call), fields) };
      },
    }),
  });
  return app;
}

/** Those filters that the store can apply. */
function filterOf(filters: ReadonlyMap<string, string>): DeviceFilter {
  const known = [...filters].flatMap(([field, value]) => {
    const name = FILTERS[field];
    return name === undefined || value.includes("\0") ? [] : [[name, value]];
  });
  return Object.fromEntries(known) as DeviceFilter;
}

function renderDevice(view: DeviceView, { base, version }: Pick<Call<unknown>, "base" | "version">) {
  return {
    uuid: view.id,
    podm_id: view.podManagerId,
    node_id: view.nodeIndex,
    type: view.type,
    pooled_group_id: view.pooledGroupId,
    state: view.state,
    properties: view.properties,
    extra: view.extra,
    resource_uri: view.resourceUri,
    created_at: timeText(view.createdAt, version),
    updated_at: timeText(view.updatedAt, version),
    links: linksTo(base, "devices", view.id),
  };
}
