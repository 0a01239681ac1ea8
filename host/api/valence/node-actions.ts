import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { NodeService } from "../../services/hardware/nodes.ts";
import { jsonBody } from "./body-rules.ts";
import type { ValenceEnv } from "./context.ts";
import { type Call, operation, type Settings, servePath } from "./serve.ts";

const RESETS = ["On", "ForceOn", "ForceOff", "GracefulRestart"] as const;
/** Beyond the original API, where the hardware takes them. */
const MORE_RESETS = ["ForceRestart", "GracefulShutdown", "PushPowerButton", "Nmi"] as const;

const device = z
  .strictObject({
    resource_id: z.string().min(1).optional().describe("Id of the device"),
    uuid: z.string().min(1).optional().describe("The same, as the reference of the API has it"),
  })
  .refine((given) => (given.resource_id === undefined) !== (given.uuid === undefined), {
    error: "exactly one of resource_id and uuid is needed",
  });
const ACTIONS = {
  Reset: z.strictObject({ Type: z.enum([...RESETS, ...MORE_RESETS]) }),
  Boot: z.strictObject({ Enabled: z.enum(["Once", "Continuous"]), Target: z.enum(["Pxe", "Hdd", "None"]) }),
  attach: device,
  detach: device,
};
const actionSchema = z
  .strictObject({
    Reset: ACTIONS.Reset.optional(),
    Boot: ACTIONS.Boot.optional(),
    attach: ACTIONS.attach.optional(),
    detach: ACTIONS.detach.optional(),
  })
  .refine((body) => Object.values(body).filter((action) => action !== undefined).length === 1, {
    error: `exactly one action is needed: ${Object.keys(ACTIONS).join(", ")}`,
  });

/** `/v1/nodes/{node_ident}/action`. Contract: valence-rest, section 6.7. */
export function nodeActionsResource(nodes: NodeService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "nodes", "/v1/nodes/{node_ident}/action", {
    POST: operation({
      summary: "Reset a node, set what it boots from, attach or detach a device",
      body: jsonBody(actionSchema),
      success: "204",
      errors: [400, 404, 409, 413, 415, 501, 502, 503, 504],
      async handle(call) {
        await act(nodes, call);
        return { status: 204 };
      },
    }),
  });
  return app;
}

async function act(nodes: NodeService, call: Call<z.infer<typeof actionSchema>>): Promise<void> {
  const { param, requestId, signal, body } = call;
  const { Reset: reset, Boot: boot, attach, detach } = body;
  const ident = param("node_ident");
  if (reset !== undefined) await nodes.reset(ident, reset.Type, signal);
  if (boot !== undefined) await nodes.boot(ident, { enabled: boot.Enabled, target: boot.Target }, signal);
  if (attach !== undefined) await nodes.attach(ident, idOf(attach), requestId, signal);
  if (detach !== undefined) await nodes.detach(ident, idOf(detach), requestId, signal);
}

function idOf({ resource_id, uuid }: z.infer<typeof device>): string {
  return (resource_id ?? uuid)!;
}
