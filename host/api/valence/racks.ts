import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { RackService, RackView } from "../../services/hardware/racks.ts";
import type { ValenceEnv } from "./context.ts";
import { linksSchema, linksTo } from "./links.ts";
import { answerList, flag, type ListForm, listQuery, listRequest, podManagerOf } from "./list.ts";
import { operation, type Settings, servePath } from "./serve.ts";
import { warningOf } from "./warning.ts";

const FILTERS = ["id", "name", "manufacturer", "model", "serial_number"];
const BRIEF = ["id", "name", "systems", "podm_id", "links"];
const LIST: ListForm = {
  fields: [...FILTERS, "systems", "description", "podm_id", "links"],
  reserved: ["podm_id", "show_detail"],
  key: "id",
};
const AT = { podm_id: "Only racks of this pod manager, whose errors are answered then; also in a JSON body" };

const shown = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    systems: z.array(z.string()).describe("UUIDs"),
    manufacturer: z.string().nullable().optional(),
    model: z.string().nullable().optional(),
    description: z.string().nullable().optional(),
    serial_number: z.string().nullable().optional(),
    podm_id: z.string(),
    links: linksSchema,
  })
  .openapi("Rack");

/** `/v1/racks`: racks and the systems in them. Contract: valence-rest, section 8.3. */
export function racksResource(racks: RackService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "racks", "/v1/racks", {
    GET: operation({
      summary: "List the racks",
      query: { ...AT, show_detail: "true: also who made them", ...listQuery(FILTERS) },
      bodyAsQuery: ["podm_id", "show_detail"],
      success: z.array(shown),
      errors: [400, 404, 501, 502, 503, 504],
      async handle(call) {
        const request = listRequest(call.query, LIST, settings.maxLimit);
        const form = flag(call.query, "show_detail") ? LIST : { ...LIST, brief: BRIEF };
        const { found, failed } = await racks.list(podManagerOf(call.query), call.signal);
        const items = found.map((rack) => render(rack, call.base));
        return answerList(call, form, request, items, warningOf(failed));
      },
    }),
  });
  servePath(app, settings, "racks", "/v1/racks/{rack_id}", {
    GET: operation({
      summary: "Show a rack, in a list of one",
      query: AT,
      bodyAsQuery: ["podm_id", "show_detail"],
      success: z.array(shown).length(1),
      errors: [400, 404, 501, 502, 503, 504],
      async handle({ query, param, signal, base }) {
        const rack = await racks.find(param("rack_id"), podManagerOf(query), signal);
        return { status: 200, body: [render(rack, base)] };
      },
    }),
  });
  return app;
}

function render(rack: RackView & { readonly podManagerId: string }, base: string) {
  return {
    id: rack.id,
    name: rack.name,
    systems: rack.systems,
    manufacturer: rack.manufacturer,
    model: rack.model,
    description: rack.description,
    serial_number: rack.serialNumber,
    podm_id: rack.podManagerId,
    links: linksTo(base, "racks", rack.id),
  };
}
