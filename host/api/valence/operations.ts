import { OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import type { OperationRunner, OperationView } from "../../services/hardware/operations.ts";
import { confirmation, deleted } from "./confirmation.ts";
import type { ValenceEnv } from "./context.ts";
import { linksSchema, linksTo } from "./links.ts";
import { answerList, flag, type ListForm, listQuery, listRequest } from "./list.ts";
import { type Call, operation, type Settings, servePath } from "./serve.ts";
import { timeText } from "./version.ts";

const FILTERS = ["uuid", "kind", "podm_id", "node_id", "request_id", "direction"];
const LIST: ListForm = {
  fields: [...FILTERS, "step", "step_state", "failure", "seen_at", "created_at", "links"],
  key: "uuid",
  envelope: { name: "operations", from: "1.1" },
};

const shown = z
  .object({
    uuid: z.string(),
    kind: z.string().describe("compose, release, attach, …"),
    podm_id: z.string(),
    node_id: z.string().describe("UUID of the node, which may not be there yet"),
    request_id: z.string().describe("Of the request that began it"),
    step: z.string().nullable().describe("The step that was begun last"),
    step_state: z.enum(["begun", "ended"]).nullable(),
    direction: z.enum(["forward", "back"]).describe("back: what was done is undone"),
    failure: z.string().nullable().describe("Why it goes back"),
    seen_at: z.string(),
    created_at: z.string(),
    links: linksSchema,
  })
  .openapi("Operation");

/** `/v1/operations`: what goes on at the hardware; one that has ended is gone. Not of the original API. */
export function operationsResource(
  operations: Pick<OperationRunner, "list" | "find" | "abandon">,
  settings: Settings,
): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "operations", "/v1/operations", {
    GET: operation({
      summary: "List the operations that go on",
      query: listQuery(FILTERS),
      success: z.array(shown),
      errors: [400],
      async handle(call) {
        const request = listRequest(call.query, LIST, settings.maxLimit);
        return answerList(
          call,
          LIST,
          request,
          (await operations.list()).map((view) => render(view, call)),
        );
      },
    }),
  });
  servePath(app, settings, "operations", "/v1/operations/{operation_id}", {
    GET: operation({
      summary: "Show an operation that goes on",
      success: shown,
      errors: [404],
      handle: async (call) => ({
        status: 200,
        body: render(await operations.find(call.param("operation_id")), call),
      }),
    }),
    DELETE: operation({
      summary: "Give up an operation that cannot end",
      query: { force: "true: needed, as the hardware is not asked and stays as it is" },
      success: confirmation,
      errors: [404, 409],
      async handle(call) {
        const { id, nodeId } = await operations.find(call.param("operation_id"));
        if (!flag(call.query, "force"))
          throw new AppError(
            "node.busy",
            `Operation ${id} on node ${nodeId} goes on, and is tried until it ends.\nWith ?force=true it is given up: only what is stored is settled, the hardware stays as it is.`,
          );
        await operations.abandon(id);
        return deleted(call, `Operation ${id}`);
      },
    }),
  });
  return app;
}

function render(view: OperationView, { base, version }: Pick<Call<unknown>, "base" | "version">) {
  return {
    uuid: view.id,
    kind: view.kind,
    podm_id: view.podManagerId,
    node_id: view.nodeId,
    request_id: view.requestId,
    step: view.step,
    step_state: view.stepState,
    direction: view.direction,
    failure: view.failure?.message ?? null,
    seen_at: timeText(view.seenAt, version),
    created_at: timeText(view.createdAt, version),
    links: linksTo(base, "operations", view.id),
  };
}
