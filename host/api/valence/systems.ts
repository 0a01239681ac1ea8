import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { LocatedSystem, SystemService } from "../../services/hardware/systems.ts";
import { inventorySchema, renderInventory } from "./assets.ts";
import type { ValenceEnv } from "./context.ts";
import { linksSchema, linksTo } from "./links.ts";
import { answerList, fieldsOf, type ListForm, listQuery, listRequest, pick, podManagerOf } from "./list.ts";
import { operation, type Settings, servePath } from "./serve.ts";
import { LEAST_QUERY, systemFilter } from "./system-filters.ts";
import { warningOf } from "./warning.ts";

const FILTERS = ["id", "uuid", "name", "power_state", "health", "location", "chassis_id", "assettag"];
const FIELDS = [
  ...FILTERS,
  ...[
    "Name",
    "Description",
    "description",
    "cpu",
    "ram",
    "storage",
    "network",
    "url_id",
    "resource_uri",
    "podm_id",
    "links",
  ],
  ...["pooled_group_id", "type", "mac_address", "serial_number", "host_model", "host_serial_number", "host_serial_num"],
  ...["ee_version", "update_time"],
];
const LIST: ListForm = {
  fields: FIELDS,
  reserved: ["podm_id"],
  key: "id",
  envelope: { name: "systems", from: "1.1" },
};
const AT = { podm_id: "Only systems of this pod manager, whose errors are answered then; also in a JSON body" };

const shown = z
  .looseObject({
    id: z.string(),
    uuid: z.string().nullable(),
    Name: z.string().nullable(),
    name: z.string().nullable(),
    description: z.string().nullable(),
    power_state: z.string().nullable(),
    health: z.string().nullable(),
    cpu: z.object({ cores: z.string(), arch: z.string().nullable(), model: z.string().nullable() }),
    ram: z.string().describe("GiB"),
    storage: z.string().describe("GiB"),
    network: z.string().describe("Network interfaces"),
    location: z.string().nullable(),
    chassis_id: z.string().nullable(),
    assettag: z.string().nullable(),
    url_id: z.string(),
    resource_uri: z.string(),
    podm_id: z.string(),
    links: linksSchema,
  })
  .openapi("System");

/** `/v1/systems`: computer systems, asked from the hardware. Contract: valence-rest, section 8. */
export function systemsResource(systems: SystemService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "systems", "/v1/systems", {
    GET: operation({
      summary: "List the systems; every member of their Redfish record is a filter too: Status/State=enabled",
      query: { ...AT, ...LEAST_QUERY, ...listQuery(FILTERS) },
      bodyAsQuery: ["podm_id"],
      success: z.array(shown),
      errors: [400, 404, 502, 503, 504],
      async handle(call) {
        const { matches, rest } = systemFilter(call.query);
        const request = listRequest(rest, LIST, settings.maxLimit);
        const { found, failed } = await systems.list(podManagerOf(call.query), call.signal);
        const items = found.filter(matches).map((system) => render(system, call.base));
        return answerList(call, LIST, request, items, warningOf(failed));
      },
    }),
  });
  servePath(app, settings, "systems", "/v1/systems/{system_ident}", {
    GET: operation({
      summary: "Show a system, by id, UUID or a name that is its own",
      query: { ...AT, fields: listQuery([]).fields! },
      bodyAsQuery: ["podm_id"],
      success: shown,
      errors: [400, 404, 502, 503, 504],
      async handle({ query, param, signal, base }) {
        const fields = fieldsOf(query, FIELDS);
        const system = await systems.find(param("system_ident"), podManagerOf(query), signal);
        return { status: 200, body: pick(render(system, base), fields) };
      },
    }),
  });
  servePath(app, settings, "systems", "/v1/systems/{system_ident}/inventory", {
    GET: operation({
      summary: "What is in a system",
      query: AT,
      bodyAsQuery: ["podm_id"],
      success: inventorySchema,
      errors: [400, 404, 502, 503, 504],
      async handle({ query, param, signal }) {
        const { assets } = await systems.assets(param("system_ident"), podManagerOf(query), signal);
        return { status: 200, body: renderInventory(assets) };
      },
    }),
  });
  return app;
}

/** Mixed capitals are what the original's browser interface reads. */
function render(system: LocatedSystem, base: string): Record<string, unknown> {
  const { id, name, description } = system;
  return {
    ...system.board,
    id,
    uuid: system.uuid,
    Name: name,
    name,
    Description: description,
    description,
    power_state: system.powerState,
    health: system.health,
    cpu: { cores: String(system.cores), arch: system.architecture, model: system.processorModel },
    ram: String(system.ramGib),
    storage: String(system.storageGib),
    network: String(system.networks),
    location: system.location,
    chassis_id: system.chassisId,
    assettag: system.assetTag,
    url_id: id,
    resource_uri: system.resourceUri,
    podm_id: system.podManagerId,
    links: linksTo(base, "systems", id),
  };
}
