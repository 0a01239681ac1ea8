import { OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import type { ReadingReport, Refresh } from "../../services/refresh.ts";
import type { Env } from "../context.ts";
import { operation, type ResourceContext, servePath } from "../resource.ts";

const count = z.int().min(0);
const reading = z
  .object({
    at: z.string().openapi({ description: "When it began" }),
    seconds: z.number(),
    fault: z.string().nullable().openapi({ description: "null: it went well" }),
    changed_hosts: count,
    servers: z
      .object({ servers: count, added: count, moved: count, resized: count, removed: count, lapsed: count })
      .nullable(),
  })
  .openapi("CloudReading");
const schema = z.object({
  resync: z
    .object({
      state: z.enum(["idle", "waiting", "reading"]).openapi({
        description: "Of the next reading of everything; waiting: it begins when what is being read now has ended",
      }),
      last: reading.nullable().openapi({ description: "The last reading of everything; null: none has ended yet" }),
    })
    .openapi("Resync"),
});

/** `/v1/resync`: reads everything from the cloud again. `refresh` null: this data center is no cloud. */
export function resyncResource(refresh: Refresh | null, shared: Omit<ResourceContext, "tag">): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  const cloud = (): Refresh => {
    if (refresh !== null) return refresh;
    throw new AppError("cloud.none", "This data center is no cloud that could be read; see --datacenter nova.");
  };
  servePath(
    app,
    "/v1/resync",
    "/",
    { ...shared, tag: "resync" },
    {
      lookup: async () => null,
      admin: true,
      methods: {
        GET: operation({
          summary: "What is being read from the cloud, and how the last reading of everything ended",
          success: { status: 200, text: "The state", schema },
          errors: [409],
          handle: async () => ({ status: 200, body: { resync: stateOf(cloud()) } }),
        }),
        POST: operation({
          summary: "Read everything from the cloud again; the answer does not wait for its end",
          success: { status: 202, text: "It is being read, or will be next", schema },
          errors: [409],
          handle: async () => {
            // It never throws; how it ended is told by the next answer.
            void cloud().now();
            return { status: 202, body: { resync: stateOf(cloud()) } };
          },
        }),
      },
    },
  );
  return app;
}

function stateOf({ state: { reading, waiting, last } }: Refresh): z.infer<typeof schema>["resync"] {
  return { state: waiting ? "waiting" : reading === "all" ? "reading" : "idle", last: last && reportOf(last) };
}

function reportOf({ at, seconds, fault, changedHosts, servers }: ReadingReport): z.infer<typeof reading> {
  return { at: at.toISOString(), seconds, fault, changed_hosts: changedHosts, servers: servers && { ...servers } };
}
