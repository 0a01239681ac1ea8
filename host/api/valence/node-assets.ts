import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { NodeService } from "../../services/hardware/nodes.ts";
import { isStorage } from "../../services/hardware/storages.ts";
import { assetsSchema, renderAssets } from "./assets.ts";
import type { ValenceEnv } from "./context.ts";
import { operation, type Settings, servePath } from "./serve.ts";
import { capacityGibOf } from "./storages.ts";

const attachment = z.object({
  device: z.string().describe("Path at the pod manager"),
  id: z.string(),
  serverId: z.string(),
  volumeId: z.string(),
});
const ERRORS = [404, 409, 501, 502, 503, 504];

/** What is in a node. Contract: valence-rest, sections 6.10 and 6.11. */
export function nodeAssetsResource(nodes: NodeService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "nodes", "/v1/nodes/{node_ident}/storages", {
    GET: operation({
      summary: "What holds data at a node: devices of the pools, and drives of its own system",
      success: z.object({ storagevolumeAttachments: z.array(attachment) }),
      errors: ERRORS,
      async handle({ param, signal }) {
        const { record, devices, drives } = await nodes.storages(param("node_ident"), signal);
        const pooled = devices.map(({ id, resourceUri }) => ({ device: resourceUri, id }));
        const own = drives
          .flatMap(({ resourceUri }) => (resourceUri === null ? [] : [resourceUri]))
          .filter((path) => !devices.some(({ resourceUri }) => resourceUri === path))
          .map((path) => ({ device: path, id: path }));
        const attachments = [...pooled, ...own].map((one) => ({ ...one, serverId: record.id, volumeId: one.id }));
        return { status: 200, body: { storagevolumeAttachments: attachments } };
      },
    }),
  });
  servePath(app, settings, "nodes", "/v1/nodes/{node_ident}/assets", {
    GET: operation({
      summary: "What is in a node, and what is attached to it from the pools",
      success: assetsSchema,
      errors: ERRORS,
      async handle({ param, signal }) {
        const { devices, assets } = await nodes.assets(param("node_ident"), signal);
        const seen = new Set(assets.drives.map(({ resourceUri }) => resourceUri));
        const paths = new Set(devices.map(({ resourceUri }) => resourceUri));
        // Some pod managers show what is attached among the drives of the node.
        const drives = assets.drives.map((drive) => ({
          ...drive,
          pooled: drive.pooled || paths.has(drive.resourceUri ?? ""),
        }));
        const attached = devices
          .filter((device) => isStorage(device) && !seen.has(device.resourceUri))
          .map(({ resourceUri, properties }) => ({
            resourceUri,
            protocol: typeof properties.protocol === "string" ? properties.protocol : null,
            capacityGib: capacityGibOf(properties),
            pooled: true,
          }));
        return { status: 200, body: renderAssets({ ...assets, drives: [...drives, ...attached] }) };
      },
    }),
  });
  return app;
}
