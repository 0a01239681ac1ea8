import { findPodManager, type PodManagerRow } from "../../../db/queries/pod-managers.ts";
import type { Store } from "../../../db/store.ts";
import { type Driver, LIMITS, type Limits, type PodManager, type PodManagerAccess } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import type { Secrets } from "./secrets.ts";

/** An operation that goes on with a connection whose credentials were changed has this long to finish, beyond assembling, ms. */
const RETIRED_MS = 5 * 60_000;

export interface ConnectionsOptions {
  readonly store: Store;
  readonly drivers: readonly Driver[];
  readonly secrets: Secrets;
  readonly log: (message: string, details: Record<string, unknown>) => void;
  readonly limits?: Partial<Limits>;
}

interface Connected {
  /** Text that is another whenever the way to the pod manager is. */
  readonly access: string;
  readonly podManager: PodManager;
}

/** What a connection is made of. */
export type Reach = Pick<PodManagerRow, "id" | "url" | "driver" | "authentication" | "secret" | "ca" | "insecure">;

/** One connection for each registered pod manager, made when it is first needed, and anew when its record changed, in whichever process. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #connected = new Map<string, Connected>();
  readonly #retired = new Map<PodManager, NodeJS.Timeout>();
  #closed = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get driverNames(): string[] {
    return this.#options.drivers.map(({ name }) => name);
  }

  /**
   * For one use: ask again for the next, as credentials may change.
   * @throws AppError pod-manager.not-found, pod-manager.unknown-driver, config.invalid when its password cannot be decrypted
   */
  async get(podManagerId: string): Promise<PodManager> {
    const row = await this.#options.store.read((db) => findPodManager(db, podManagerId));
    if (row === undefined) {
      this.drop(podManagerId);
      throw podManagerMissing(podManagerId);
    }
    return this.of(row);
  }

  /** That of a record that was read just now. */
  of(row: Reach): PodManager {
    const { id, url, driver, authentication, secret, ca, insecure } = row;
    const access = JSON.stringify([url, driver, authentication, secret, ca, insecure]);
    const known = this.#connected.get(id);
    if (known?.access === access) return known.podManager;
    if (known !== undefined) this.#retire(id, known.podManager);
    const podManager = this.connect(row);
    this.#connected.set(id, { access, podManager });
    return podManager;
  }

  /** One of its own, which the caller closes. @throws AppError as `get` */
  connect(row: Reach): PodManager {
    if (this.#closed) throw new AppError("pod-manager.unreachable", "the service is stopping");
    const { username, password } = credentialsOf(row, this.#options.secrets);
    const { url, ca, insecure, driver } = row;
    return this.driver(driver).connect(this.access({ url, username, password, ca, insecure }));
  }

  /** @throws AppError pod-manager.unknown-driver */
  driver(name: string): Driver {
    const found = this.#options.drivers.find((driver) => driver.name === name);
    if (found !== undefined) return found;
    const known = this.driverNames.join(", ");
    throw new AppError("pod-manager.unknown-driver", `no driver is named "${name}", there are: ${known}`);
  }

  access(
    to: Pick<PodManagerAccess, "url" | "username" | "password" | "insecure"> & { ca: string | null },
  ): PodManagerAccess {
    const { log, limits } = this.#options;
    const { ca, ...rest } = to;
    return { ...rest, ...(ca === null ? {} : { ca }), log, ...(limits === undefined ? {} : { limits }) };
  }

  /** The pod manager is gone: whatever still goes on with it fails. */
  drop(podManagerId: string): void {
    const known = this.#connected.get(podManagerId);
    this.#connected.delete(podManagerId);
    if (known !== undefined) this.#close(known.podManager);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#retired.keys(), ...[...this.#connected.values()].map(({ podManager }) => podManager)];
    for (const timer of this.#retired.values()) clearTimeout(timer);
    this.#retired.clear();
    this.#connected.clear();
    await Promise.allSettled(all.map((podManager) => podManager.close()));
  }

  #retire(podManagerId: string, podManager: PodManager): void {
    this.#connected.delete(podManagerId);
    const { assembleMs = LIMITS.assembleMs } = this.#options.limits ?? {};
    const timer = setTimeout(() => {
      this.#retired.delete(podManager);
      this.#close(podManager);
    }, assembleMs + RETIRED_MS);
    this.#retired.set(podManager, timer.unref());
  }

  #close(podManager: PodManager): void {
    podManager.close().catch((error: unknown) => {
      this.#options.log("a connection to a pod manager could not be closed in order", { fault: String(error) });
    });
  }
}

/** What logs in: the first entry of type `basic`, as the original. */
function credentialsOf(
  { id, authentication, secret }: Pick<Reach, "id" | "authentication" | "secret">,
  secrets: Secrets,
): { username: string; password: string } {
  const at = authentication.findIndex(({ type }) => type === "basic");
  const entry = authentication[at];
  const password = entry === undefined ? undefined : secrets.open(id, secret)[at];
  if (entry === undefined || password === undefined)
    throw new AppError(
      "config.invalid",
      `pod manager ${id} has no credentials of type basic; PATCH its authentication`,
    );
  return { username: entry.auth_items.username, password };
}

export function podManagerMissing(id: string): AppError {
  return new AppError("pod-manager.not-found", `Pod manager ${id} not found`);
}
