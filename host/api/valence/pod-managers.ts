import { OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError, UpstreamError } from "../../errors.ts";
import type { PodManagerPatch, PodManagerService, PodManagerView } from "../../services/hardware/pod-managers.ts";
import { validate } from "../validate.ts";
import { jsonBody } from "./body-rules.ts";
import { confirmation, deleted } from "./confirmation.ts";
import type { ValenceEnv, Version } from "./context.ts";
import { linksSchema, linksTo } from "./links.ts";
import { answerList, fieldsOf, flag, type ListForm, listQuery, listRequest, pick } from "./list.ts";
import { changedBy, patchBody } from "./patch.ts";
import { type Call, operation, type Settings, servePath } from "./serve.ts";
import { timeText } from "./version.ts";

const FILTERS = ["name", "url", "driver", "status", "location"];
const LIST: ListForm = {
  fields: [
    "uuid",
    ...FILTERS,
    "authentication",
    "description",
    "verify_ca",
    "redfish_link",
    "created_at",
    "updated_at",
    "links",
  ],
  key: "uuid",
  envelope: { name: "pod_managers", from: "1.1" },
};

const name = z.string().min(1).max(255);
const authentication = z
  .array(
    z.strictObject({
      type: z.string(),
      auth_items: z.strictObject({ username: z.string(), password: z.string() }),
    }),
  )
  .min(1);
const verifyCa = z
  .union([z.boolean(), z.string()], { error: "expected true, false or certificates in PEM form" })
  .describe("Whether its certificate is verified; text: authorities to trust, PEM. Not of the original API.");
const createSchema = z.strictObject({
  name,
  url: z.string().describe("Service root: https://HOST:PORT/redfish/v1, of ExpEther http://HOST:PORT/eem"),
  driver: z.string().optional(),
  authentication,
  verify_ca: verifyCa.optional(),
});
const changes = {
  name: name.optional(),
  driver: z.string().optional(),
  authentication: authentication.optional(),
  description: z.string().max(1000).nullable().optional(),
  location: z.string().max(1000).nullable().optional(),
  verify_ca: verifyCa.optional(),
};
const mergeSchema = z.object(changes);
/** Which members, and what in them, single operations may name. */
const PATHS =
  /^\/(name|driver|description|location|verify_ca|authentication(\/(\d{1,3}|-)(\/type|\/auth_items(\/username|\/password)?)?)?)$/;
const SECRET = ["authentication", "auth_items", "password", "url"];

const shown = z
  .object({
    uuid: z.string(),
    name: z.string(),
    url: z.string(),
    driver: z.string(),
    authentication: authentication.describe("Passwords are masked: ***"),
    status: z.enum(["Online", "Offline", "Unknown"]).nullable(),
    description: z.string().optional(),
    location: z.string().optional(),
    verify_ca: verifyCa,
    redfish_link: z.string().optional().describe("From version 1.1 on"),
    created_at: z.string(),
    updated_at: z.string(),
    links: linksSchema,
  })
  .openapi("PodManager");

/** `/v1/pod_managers`: what composes the hardware. Contract: valence-rest, section 4. */
export function podManagersResource(podManagers: PodManagerService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "pod managers", "/v1/pod_managers", {
    GET: operation({
      summary: "List the pod managers",
      query: listQuery(FILTERS),
      success: z.array(shown),
      errors: [400],
      async handle(call) {
        const request = listRequest(call.query, LIST, settings.maxLimit);
        return answerList(
          call,
          LIST,
          request,
          (await podManagers.list()).map((view) => render(view, call)),
        );
      },
    }),
    POST: operation({
      summary: "Register a pod manager",
      body: jsonBody(createSchema, { secret: SECRET }),
      success: shown,
      errors: [400, 404, 413, 415, 503, 504],
      async handle(call) {
        const { verify_ca, driver, ...rest } = call.body;
        const input = {
          ...rest,
          ...(driver === undefined ? {} : { driver }),
          ...(verify_ca === undefined ? {} : { verifyCa: verify_ca }),
        };
        const view = await podManagers.create(input, call.signal).catch((error: unknown) => {
          // The caller gave the credentials, so it is the caller who has the wrong ones.
          const wrong = error instanceof UpstreamError && error.upstreamStatus === 401;
          if (wrong || (error instanceof AppError && error.code === "pod-manager.credentials"))
            throw new AppError("request.unauthorized", error.message, { cause: error });
          throw error;
        });
        return { status: 200, body: render(view, call) };
      },
    }),
  });
  servePath(app, settings, "pod managers", "/v1/pod_managers/{podm_id}", {
    GET: operation({
      summary: "Show a pod manager",
      query: { fields: listQuery([]).fields! },
      success: shown,
      errors: [404],
      async handle(call) {
        const fields = fieldsOf(call.query, LIST.fields);
        return { status: 200, body: pick(render(await podManagers.find(call.param("podm_id")), call), fields) };
      },
    }),
    PATCH: operation({
      summary: "Change a pod manager; a masked password keeps the one that is stored",
      body: patchBody(mergeSchema, { secret: SECRET }),
      success: shown,
      errors: [400, 404, 409, 413, 415],
      async handle(call) {
        const id = call.param("podm_id");
        const { body } = call;
        const patch = "merge" in body ? body.merge : await fromOperations(podManagers, id, body);
        return { status: 200, body: render(await podManagers.update(id, patchOf(patch), call.signal), call) };
      },
    }),
    DELETE: operation({
      summary: "Release the nodes of a pod manager and forget it",
      query: { force: "true: only the records are removed, the hardware is not asked" },
      success: confirmation,
      errors: [404, 409, 502, 503, 504],
      async handle(call) {
        const id = call.param("podm_id");
        await podManagers.remove(id, { force: flag(call.query, "force"), requestId: call.requestId });
        return deleted(call, `Pod manager ${id}`);
      },
    }),
  });
  return app;
}

async function fromOperations(
  podManagers: PodManagerService,
  id: string,
  body: Parameters<typeof changedBy>[0],
): Promise<z.infer<typeof mergeSchema>> {
  const view = await podManagers.find(id);
  const { name, driver, authentication, description, location } = view;
  const document = { name, driver, authentication, description, location, verify_ca: view.verifyCa };
  return validate(mergeSchema, changedBy(body, document, PATHS), SECRET);
}

function patchOf({ verify_ca, ...given }: z.infer<typeof mergeSchema>): PodManagerPatch {
  const members = Object.entries({ ...given, verifyCa: verify_ca }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as PodManagerPatch;
}

function render(
  view: PodManagerView,
  { base, version }: Pick<Call<unknown>, "base" | "version">,
): Record<string, unknown> {
  const { id, description, location } = view;
  return {
    uuid: id,
    name: view.name,
    url: view.url,
    driver: view.driver,
    authentication: view.authentication,
    status: view.status,
    ...(description === null ? {} : { description }),
    ...(location === null ? {} : { location }),
    verify_ca: view.verifyCa,
    ...(isNew(version) ? { redfish_link: view.url } : {}),
    created_at: timeText(view.createdAt, version),
    updated_at: timeText(view.updatedAt, version),
    links: linksTo(base, "pod_managers", id),
  };
}

function isNew(version: Version): boolean {
  return version !== "1.0";
}
