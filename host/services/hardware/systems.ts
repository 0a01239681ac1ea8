import type { Assets, PodManager, SystemView } from "../../drivers/driver.ts";
import { AppError, UpstreamError } from "../../errors.ts";
import type { Everywhere, Found, PodManagerFailure } from "./everywhere.ts";

export type { Assets, SystemView } from "../../drivers/driver.ts";
export type { Found, PodManagerFailure } from "./everywhere.ts";

export type LocatedSystem = SystemView & { readonly podManagerId: string };

/** Computer systems, asked from the hardware. A pod manager that is not named and fails is told of, and the others count. */
export class SystemService {
  readonly #everywhere: Everywhere;

  constructor(everywhere: Everywhere) {
    this.#everywhere = everywhere;
  }

  /** @throws AppError pod-manager.not-found and what the driver throws, when one is named */
  async list(podManagerId: string | null, signal: AbortSignal): Promise<Found<SystemView>> {
    return await this.#everywhere.ask(podManagerId, (podManager) => podManager.systems(signal));
  }

  /**
   * By id, else by UUID, else by name.
   * @throws AppError system.not-found; request.invalid when several have it; what the driver throws, also when none of those
   * that answered has it and another did not answer
   */
  async find(ident: string, podManagerId: string | null, signal: AbortSignal): Promise<LocatedSystem> {
    const byId = await this.#everywhere.ask(podManagerId, (podManager) => withId(podManager, ident, signal));
    if (byId.found.length > 0) return single(ident, byId.found);
    const { found, failed } = await this.list(podManagerId, signal);
    const byUuid = found.filter(({ uuid }) => uuid?.toLowerCase() === ident.toLowerCase());
    if (byUuid.length > 0) return single(ident, byUuid);
    const byName = found.filter(({ name }) => name === ident);
    if (byName.length > 0) return single(ident, byName);
    throw nowhere(failed, new AppError("system.not-found", `System ${ident} not found`));
  }

  /** What is in a system. @throws AppError as `find` */
  async assets(
    ident: string,
    podManagerId: string | null,
    signal: AbortSignal,
  ): Promise<{ system: LocatedSystem; assets: Assets }> {
    const system = await this.find(ident, podManagerId, signal);
    const { found } = await this.#everywhere.ask(system.podManagerId, async (podManager) => [
      await podManager.assets(system.id, signal),
    ]);
    return { system, assets: found[0]! };
  }
}

async function withId(podManager: PodManager, id: string, signal: AbortSignal): Promise<SystemView[]> {
  try {
    return [await podManager.system(id, signal)];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** It answered that there is no such thing. */
function isMissing(error: unknown): boolean {
  if (error instanceof UpstreamError) return error.upstreamStatus === 404;
  return error instanceof AppError && error.status === 404;
}

/** Of whoever did not answer nobody knows whether it is there. */
export function nowhere(failed: readonly PodManagerFailure[], missing: AppError): AppError {
  return failed[0]?.reason ?? missing;
}

export function single<T extends { readonly podManagerId: string }>(ident: string, found: readonly T[]): T {
  if (found.length === 1) return found[0]!;
  const at = [...new Set(found.map(({ podManagerId }) => podManagerId))].join(", ");
  throw new AppError(
    "request.invalid",
    `"${ident}" is the name of ${found.length}, at pod managers ${at}; use ids and podm_id`,
  );
}
