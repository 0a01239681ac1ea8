import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { DeviceView } from "../../services/hardware/devices.ts";
import type { StorageService } from "../../services/hardware/storages.ts";
import type { ValenceEnv } from "./context.ts";
import { linksSchema, linksTo } from "./links.ts";
import { answerList, type ListForm, listQuery, listRequest, podManagerOf } from "./list.ts";
import { healthOf } from "./pooled.ts";
import { operation, type Settings, servePath } from "./serve.ts";

const STATES = { free: "available", allocated: "allocated", error: "error" } as const;
const FILTERS = ["deviceId", "pooling_group_id", "allocate_status"];
const LIST: ListForm = {
  fields: [...FILTERS, "links"],
  reserved: ["podm_id"],
  key: "deviceId",
  envelope: { name: "storages", from: "1.0" },
};

const brief = z.object({
  deviceId: z.string(),
  pooling_group_id: z.string().nullable(),
  allocate_status: z.enum(["available", "allocated", "error"]),
  links: linksSchema,
});
const shown = z
  .looseObject({
    deviceId: z.string(),
    pooling_group_id: z.string().nullable(),
    allocate_status: brief.shape.allocate_status,
    health_status: z.string(),
    capacity_mb: z.string().nullable(),
    links: linksSchema,
  })
  .describe("With the properties of the device");

/** `/v1/storages`: what holds data. Contract: valence-rest, section 8.4. */
export function storagesResource(storages: StorageService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "storages", "/v1/storages", {
    GET: operation({
      summary: "List what holds data in the pools",
      query: { podm_id: "Only what this pod manager has", ...listQuery(FILTERS) },
      bodyAsQuery: ["podm_id"],
      success: z.object({ storages: z.array(brief) }),
      errors: [400, 404, 501],
      async handle(call) {
        const request = listRequest(call.query, LIST, settings.maxLimit);
        const found = await storages.list(podManagerOf(call.query));
        return answerList(
          call,
          LIST,
          request,
          found.map((view) => renderBrief(view, call.base)),
        );
      },
    }),
  });
  servePath(app, settings, "storages", "/v1/storages/{storage_id}", {
    GET: operation({
      summary: "Show what holds data",
      success: z.object({ storage_device: shown }),
      errors: [404, 501],
      async handle({ param, base }) {
        const view = await storages.find(param("storage_id"));
        const device = {
          ...view.properties,
          ...renderBrief(view, base),
          health_status: healthOf(view),
          capacity_mb: capacityText(view.properties),
        };
        return { status: 200, body: { storage_device: device } };
      },
    }),
  });
  return app;
}

function renderBrief({ id, pooledGroupId, state }: DeviceView, base: string) {
  return {
    deviceId: id,
    pooling_group_id: pooledGroupId,
    allocate_status: STATES[state],
    links: linksTo(base, "storages", id),
  };
}

/** Of a device; null: its driver does not say. */
export function capacityGibOf({ capacity_gib, capacity }: DeviceView["properties"]): number | null {
  const gib = capacity_gib ?? capacity;
  return typeof gib === "number" && Number.isFinite(gib) ? gib : null;
}

/** MiB. */
function capacityText(properties: DeviceView["properties"]): string | null {
  const gib = capacityGibOf(properties);
  return gib === null ? null : String(Math.round(gib * 1024));
}
