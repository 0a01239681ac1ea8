import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { DeviceService, DeviceView } from "../../services/hardware/devices.ts";
import type { ValenceEnv } from "./context.ts";
import { linksSchema, linksTo } from "./links.ts";
import { answerList, fieldsOf, type ListForm, listQuery, listRequest, pick } from "./list.ts";
import { type Call, operation, type Settings, servePath } from "./serve.ts";
import { timeText } from "./version.ts";

const BRIEF = ["uuid", "pooled_group_id", "state", "type", "links"];
const FIELDS = [...BRIEF, "health_status", "entity_link", "entity_capability", "created_at", "updated_at"];
const FILTERS = ["pooled_group_id", "state", "type", "health_status"];
const LIST: ListForm = {
  fields: FIELDS,
  brief: BRIEF,
  key: "uuid",
  envelope: { name: "resources", from: "1.0" },
};
const STATES = { free: "available", allocated: "allocated", error: "failed" } as const;
const TYPES: { readonly [type: string]: string } = { ssd: "storage", hdd: "storage", nvme: "storage", nic: "network" };

const brief = z.object({
  uuid: z.string(),
  pooled_group_id: z.string().nullable(),
  state: z.enum(["available", "allocated", "failed"]),
  type: z.string().nullable().describe("storage, network, or what the device is"),
  links: linksSchema,
});
const shown = brief
  .extend({
    health_status: z.string(),
    entity_link: z.string(),
    entity_capability: z.record(z.string(), z.unknown()),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("PooledResource");

/** `/v1/pooled`: the devices by the names of an older version. Contract: valence-rest, section 7. */
export function pooledResource(devices: DeviceService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "devices", "/v1/pooled", {
    GET: operation({
      summary: "List the devices as pooled resources",
      query: listQuery(FILTERS),
      success: z.object({ resources: z.array(brief) }),
      errors: [400],
      async handle(call) {
        const request = listRequest(call.query, LIST, settings.maxLimit);
        return answerList(
          call,
          LIST,
          request,
          (await devices.list()).map((view) => render(view, call)),
        );
      },
    }),
  });
  servePath(app, settings, "devices", "/v1/pooled/{resource_id}", {
    GET: operation({
      summary: "Show a device as a pooled resource",
      query: { fields: listQuery([]).fields! },
      success: shown,
      errors: [400, 404],
      async handle(call) {
        const fields = fieldsOf(call.query, FIELDS);
        return { status: 200, body: pick(render(await devices.find(call.param("resource_id")), call), fields) };
      },
    }),
  });
  return app;
}

function render(view: DeviceView, { base, version }: Pick<Call<unknown>, "base" | "version">) {
  const { id, pooledGroupId, state, type, resourceUri, properties, createdAt, updatedAt } = view;
  return {
    uuid: id,
    pooled_group_id: pooledGroupId,
    state: STATES[state],
    type: type === null ? null : (TYPES[type.toLowerCase()] ?? type),
    health_status: healthOf(view),
    entity_link: resourceUri,
    entity_capability: properties,
    created_at: timeText(createdAt, version),
    updated_at: timeText(updatedAt, version),
    links: linksTo(base, "pooled", id),
  };
}

/** OK, Warning or Critical. */
export function healthOf({ properties, state }: Pick<DeviceView, "properties" | "state">): string {
  const { health } = properties;
  return typeof health === "string" ? health : state === "error" ? "Critical" : "OK";
}
