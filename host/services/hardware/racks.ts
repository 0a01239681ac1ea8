import type { PodManager, RackView } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import type { Everywhere, Found } from "./everywhere.ts";
import { nowhere, single } from "./systems.ts";

export type { RackView } from "../../drivers/driver.ts";

/** Racks, asked from the hardware. Where drivers know none, none are found, but it is an error to ask one of them by name. */
export class RackService {
  readonly #everywhere: Everywhere;

  constructor(everywhere: Everywhere) {
    this.#everywhere = everywhere;
  }

  /** @throws AppError pod-manager.not-found, .unsupported and what the driver throws, when one is named */
  async list(podManagerId: string | null, signal: AbortSignal): Promise<Found<RackView>> {
    return await this.#everywhere.ask(podManagerId, (podManager) => racksOf(podManager, podManagerId !== null, signal));
  }

  /** By id, else by name. @throws AppError rack.not-found; otherwise as SystemService.find */
  async find(
    ident: string,
    podManagerId: string | null,
    signal: AbortSignal,
  ): Promise<RackView & { podManagerId: string }> {
    const { found, failed } = await this.list(podManagerId, signal);
    const byId = found.filter(({ id }) => id === ident);
    const racks = byId.length > 0 ? byId : found.filter(({ name }) => name === ident);
    if (racks.length > 0) return single(ident, racks);
    throw nowhere(failed, new AppError("rack.not-found", `Rack ${ident} not found`));
  }
}

async function racksOf(podManager: PodManager, named: boolean, signal: AbortSignal): Promise<RackView[]> {
  if (podManager.racks !== undefined) return await podManager.racks(signal);
  if (!named) return [];
  throw new AppError("pod-manager.unsupported", "the driver of this pod manager knows no racks");
}
