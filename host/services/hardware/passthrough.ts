import { listPodManagers } from "../../../db/queries/pod-managers.ts";
import type { Store } from "../../../db/store.ts";
import type { ForwardedAnswer, ForwardedRequest, PodManager } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import type { Connections } from "./connections.ts";

export type { ForwardedAnswer, ForwardedRequest } from "../../drivers/driver.ts";

/** Requests that go on to a pod manager as they are. */
export class PassthroughService {
  readonly #store: Store;
  readonly #connections: Connections;
  /** That of the settings, where there is one. */
  readonly #configured: PodManager | null;

  constructor(options: { store: Store; connections: Connections; configured: PodManager | null }) {
    this.#store = options.store;
    this.#connections = options.connections;
    this.#configured = options.configured;
  }

  /**
   * To the pod manager that is named, else to that of the settings, else to the only one that speaks Redfish.
   * @throws AppError pod-manager.not-found, .unsupported; request.invalid when it is not clear to which; what the driver throws
   */
  async forward(podManagerId: string | null, request: ForwardedRequest, signal: AbortSignal): Promise<ForwardedAnswer> {
    const podManager = await this.#target(podManagerId);
    if (podManager.forward !== undefined) return await podManager.forward(request, signal);
    throw new AppError("pod-manager.unsupported", "the driver of this pod manager passes no requests on");
  }

  async #target(podManagerId: string | null): Promise<PodManager> {
    if (podManagerId !== null) return await this.#connections.get(podManagerId);
    if (this.#configured !== null) return this.#configured;
    const rows = await this.#store.read((db) => listPodManagers(db));
    const able = rows.filter(({ driver }) => driver.startsWith("redfish"));
    if (able.length === 1) return this.#connections.of(able[0]!);
    const available = able.map(({ id, name }) => `${name} (${id})`).join(", ") || "none that speaks Redfish";
    throw new AppError("request.invalid", `podm_id: name the pod manager that is meant; there are: ${available}`);
  }
}
