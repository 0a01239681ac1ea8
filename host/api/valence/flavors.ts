import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { HardwareFlavorService, HardwareFlavorView } from "../../services/hardware/flavors.ts";
import { validate } from "../validate.ts";
import { jsonBody } from "./body-rules.ts";
import { confirmation, deleted } from "./confirmation.ts";
import type { ValenceEnv } from "./context.ts";
import { linksSchema, linksTo } from "./links.ts";
import { answerList, fieldsOf, type ListForm, listQuery, listRequest, pick } from "./list.ts";
import { changedBy, patchBody } from "./patch.ts";
import { propertiesSchema } from "./properties.ts";
import { type Call, operation, type Settings, servePath } from "./serve.ts";
import { timeText } from "./version.ts";

const LIST: ListForm = {
  fields: ["uuid", "name", "description", "properties", "created_at", "updated_at", "links"],
  key: "uuid",
};

const name = z.string().min(1).max(255);
const description = z.string().max(1000);
const createSchema = z.strictObject({ name, description: description.optional(), properties: propertiesSchema });
const mergeSchema = z.object({
  name: name.optional(),
  description: description.nullable().optional(),
  properties: propertiesSchema.optional(),
});
/** Which members, and what in them, single operations may name. */
const PATHS =
  /^\/(name|description|properties(\/(memory|processor|remote_storage)(\/[a-z_]+)?|\/pci_device(\/type(\/(\d{1,3}|-))?)?)?)$/;

const shown = z
  .object({
    uuid: z.string(),
    name: z.string(),
    description: z.string().optional(),
    properties: propertiesSchema,
    created_at: z.string(),
    updated_at: z.string(),
    links: linksSchema,
  })
  .openapi("Flavor");

/** `/v1/flavors`: descriptions of nodes to compose. Contract: valence-rest, section 5. */
export function flavorsResource(flavors: HardwareFlavorService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "flavors", "/v1/flavors", {
    GET: operation({
      summary: "List the flavors",
      query: listQuery(["name"]),
      success: z.array(shown),
      errors: [400],
      async handle(call) {
        const request = listRequest(call.query, LIST, settings.maxLimit);
        return answerList(
          call,
          LIST,
          request,
          (await flavors.list()).map((view) => render(view, call)),
        );
      },
    }),
    POST: operation({
      summary: "Make a flavor",
      body: jsonBody(createSchema),
      success: shown,
      errors: [400, 413, 415],
      async handle(call) {
        const { name, description = null, properties } = call.body;
        return { status: 200, body: render(await flavors.create({ name, description, properties }), call) };
      },
    }),
  });
  servePath(app, settings, "flavors", "/v1/flavors/{flavor_id}", {
    GET: operation({
      summary: "Show a flavor",
      query: { fields: listQuery([]).fields! },
      success: shown,
      errors: [404],
      async handle(call) {
        const fields = fieldsOf(call.query, LIST.fields);
        return { status: 200, body: pick(render(await flavors.find(call.param("flavor_id")), call), fields) };
      },
    }),
    PATCH: operation({
      summary: "Change a flavor; properties are replaced as a whole",
      body: patchBody(mergeSchema),
      success: shown,
      errors: [400, 404, 409, 413, 415],
      async handle(call) {
        const { body } = call;
        const id = call.param("flavor_id");
        const patch = "merge" in body ? body.merge : await fromOperations(flavors, id, body);
        const given = Object.entries(patch).filter(([, value]) => value !== undefined);
        return { status: 200, body: render(await flavors.update(id, Object.fromEntries(given)), call) };
      },
    }),
    DELETE: operation({
      summary: "Delete a flavor",
      success: confirmation,
      errors: [404],
      async handle(call) {
        const id = call.param("flavor_id");
        await flavors.remove(id);
        return deleted(call, `Flavor ${id}`);
      },
    }),
  });
  return app;
}

async function fromOperations(
  flavors: HardwareFlavorService,
  id: string,
  body: Parameters<typeof changedBy>[0],
): Promise<z.infer<typeof mergeSchema>> {
  const { name, description, properties } = await flavors.find(id);
  return validate(mergeSchema, changedBy(body, { name, description, properties }, PATHS));
}

function render(view: HardwareFlavorView, { base, version }: Pick<Call<unknown>, "base" | "version">) {
  const { id, name, description, properties, createdAt, updatedAt } = view;
  return {
    uuid: id,
    name,
    ...(description === null ? {} : { description }),
    properties,
    created_at: timeText(createdAt, version),
    updated_at: timeText(updatedAt, version),
    links: linksTo(base, "flavors", id),
  };
}
