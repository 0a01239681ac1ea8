import { OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import type { NodeRecord, NodeService } from "../../services/hardware/nodes.ts";
import { jsonBody } from "./body-rules.ts";
import { confirmation, deleted } from "./confirmation.ts";
import type { ValenceEnv } from "./context.ts";
import { renderStored, storedSchema } from "./node-view.ts";
import { operation, type Settings, servePath } from "./serve.ts";

/** Hands nodes to Ironic and takes them back. */
export interface Provisioning {
  /** `warnings`: what did not succeed beside the registration itself, a sentence each. */
  register(
    nodeId: string,
    params: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<{ readonly node: NodeRecord; readonly warnings: readonly string[] }>;
  deregister(nodeId: string): Promise<unknown>;
}

const registerSchema = z
  .looseObject({
    driver_info: z.record(z.string(), z.unknown()).optional(),
    driver: z.string().optional(),
    mac: z.string().optional(),
  })
  .describe("All else goes to Ironic's node as it is");

/** `/v1/nodes/{node_ident}/register`. Contract: valence-rest, section 6.9. `provisioning` null: Ironic is not configured. */
export function nodeRegistrationResource(
  nodes: NodeService,
  provisioning: Provisioning | null,
  settings: Settings,
): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  const ironic = () => {
    if (provisioning !== null) return provisioning;
    throw new AppError(
      "pod-manager.unsupported",
      "Nodes cannot be registered: no Ironic is configured. Give --ironic, its URL or keystone:URL.",
    );
  };
  servePath(app, settings, "nodes", "/v1/nodes/{node_ident}/register", {
    POST: operation({
      summary: "Register a node with Ironic",
      body: jsonBody(registerSchema, { optional: true, secret: ["driver_info"] }),
      success: storedSchema.extend({ warnings: z.array(z.string()).optional() }),
      errors: [400, 404, 409, 413, 415, 501, 502, 503, 504],
      async handle(call) {
        const { id } = await nodes.find(call.param("node_ident"));
        const { node, warnings } = await ironic().register(id, call.body, call.signal);
        return { status: 200, body: { ...renderStored(node, call), ...(warnings.length > 0 ? { warnings } : {}) } };
      },
    }),
    DELETE: operation({
      summary: "Take a node back from Ironic",
      success: confirmation,
      errors: [404, 409, 501, 502, 503],
      async handle(call) {
        const { id } = await nodes.find(call.param("node_ident"));
        await ironic().deregister(id);
        return deleted(call, `The registration of node ${id}`);
      },
    }),
  });
  return app;
}
