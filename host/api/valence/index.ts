import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import { AppError } from "../../errors.ts";
import type { DeviceService } from "../../services/hardware/devices.ts";
import type { HardwareFlavorService } from "../../services/hardware/flavors.ts";
import type { NodeService } from "../../services/hardware/nodes.ts";
import type { OperationRunner } from "../../services/hardware/operations.ts";
import type { PassthroughService } from "../../services/hardware/passthrough.ts";
import type { PodManagerService } from "../../services/hardware/pod-managers.ts";
import type { RackService } from "../../services/hardware/racks.ts";
import type { StorageService } from "../../services/hardware/storages.ts";
import type { SystemService } from "../../services/hardware/systems.ts";
import { observe, type RequestObserver } from "../observe.ts";
import { type Operating, operatingRoutes } from "../operating.ts";
import { type Access, authenticate } from "./access.ts";
import type { ValenceEnv } from "./context.ts";
import { devicesResource } from "./devices.ts";
import { answerError } from "./errors.ts";
import { eventsResource } from "./events.ts";
import { flavorsResource } from "./flavors.ts";
import { nodeActionsResource } from "./node-actions.ts";
import { nodeAssetsResource } from "./node-assets.ts";
import { nodeRegistrationResource, type Provisioning } from "./node-registration.ts";
import { nodesResource } from "./nodes.ts";
import { operationsResource } from "./operations.ts";
import { checkHost, checkOrigin, type Origins } from "./origin.ts";
import { passthroughResource } from "./passthrough.ts";
import { valencePathOf } from "./paths.ts";
import { podManagersResource } from "./pod-managers.ts";
import { pooledResource } from "./pooled.ts";
import { racksResource } from "./racks.ts";
import { rootResource } from "./root.ts";
import type { Settings } from "./serve.ts";
import { storagesResource } from "./storages.ts";
import { systemsResource } from "./systems.ts";
import { microversion } from "./version.ts";

/** The services of composition that the API is made of. */
export interface Hardware {
  readonly podManagers: PodManagerService;
  readonly flavors: HardwareFlavorService;
  readonly devices: DeviceService;
  readonly systems: SystemService;
  readonly racks: RackService;
  readonly storages: StorageService;
  readonly passthrough: PassthroughService;
  readonly nodes: NodeService;
  readonly operations: Pick<OperationRunner, "list" | "find" | "abandon">;
  /** Null: Ironic is not configured. */
  readonly provisioning: Provisioning | null;
}

export interface ValenceApi extends Settings, Origins, Access {
  /** Null: nothing is composed here, and there are but the version documents. */
  readonly hardware: Hardware | null;
  /** An event was pushed to the address with this mark. False: the mark is not ours. Absent: no address was given out. */
  readonly pushed?: (mark: string) => boolean;
  readonly operating: Operating;
  readonly observer: RequestObserver;
}

/** Valence's API: hardware composed from pools. */
export function valenceApi(api: ValenceApi): Hono<ValenceEnv> {
  const { operating, observer, hardware } = api;
  const app = new OpenAPIHono<ValenceEnv>({ getPath: valencePathOf });
  app.use(observe("valence", observer));
  app.use(microversion);
  app.onError((error, c) => {
    const expected = error instanceof AppError && !["internal", "store.unavailable"].includes(error.code);
    // Who hangs up hears nothing, and nothing was wrong.
    if (!expected && !c.req.raw.signal.aborted) observer.failed(error, c.var.requestId);
    return answerError(c, error);
  });
  app.notFound((c) => answerError(c, new AppError("request.not-found", `No such path: ${c.req.path.slice(0, 200)}`)));
  app.route("/", operatingRoutes(operating));
  if (api.pushed !== undefined) app.route("/", eventsResource(api.pushed));
  app.use(checkHost(api));
  app.use(checkOrigin(api));
  app.route("/", rootResource(api));
  app.get("/openapi.json", (c) => {
    c.set("route", "/openapi.json");
    return c.json(openApi(app));
  });

  app.use(authenticate(api));
  if (hardware !== null) for (const resource of resourcesOf(hardware, api)) app.route("/", resource);

  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "apiKey",
    in: "header",
    name: "X-Auth-Token",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "basic", { type: "http", scheme: "basic" });
  return app;
}

function resourcesOf(hardware: Hardware, settings: Settings): OpenAPIHono<ValenceEnv>[] {
  return [
    podManagersResource(hardware.podManagers, settings),
    flavorsResource(hardware.flavors, settings),
    nodesResource(hardware.nodes, settings),
    nodeActionsResource(hardware.nodes, settings),
    nodeAssetsResource(hardware.nodes, settings),
    nodeRegistrationResource(hardware.nodes, hardware.provisioning, settings),
    operationsResource(hardware.operations, settings),
    devicesResource(hardware.devices, settings),
    pooledResource(hardware.devices, settings),
    systemsResource(hardware.systems, settings),
    racksResource(hardware.racks, settings),
    storagesResource(hardware.storages, settings),
    passthroughResource(hardware.passthrough, settings),
  ];
}

function openApi(app: OpenAPIHono<ValenceEnv>): object {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Ostro: Valence's API",
      version: "1.1",
      description:
        "Hardware composed from pools. Paths work with and without a slash at the end. `OpenStack-API-Version: valence 1.1` brings lists in envelopes, ISO dates and deletions without a body.",
    },
    // On a loopback address nothing is needed.
    security: [{}, { token: [] }, { basic: [] }],
  });
}
