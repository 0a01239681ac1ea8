import { randomUUID } from "node:crypto";
import {
  type AuthenticationEntry,
  busyNodesOfPodManager,
  deletePodManager,
  findPodManager,
  findPodManagerLike,
  forgetPodManager,
  insertPodManager,
  listPodManagers,
  lockPodManager,
  nodesOfPodManager,
  type PodManagerFilter,
  type PodManagerRow,
  setPodManagerStatus,
  updatePodManager,
} from "../../../db/queries/pod-managers.ts";
import type { Store } from "../../../db/store.ts";
import type { Status } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import { addressOf } from "./address.ts";
import { MASK, splitAuthentication } from "./authentication.ts";
import { type Connections, podManagerMissing } from "./connections.ts";
import type { Secrets } from "./secrets.ts";

export type { AuthenticationEntry, PodManagerFilter } from "../../../db/queries/pod-managers.ts";

const DEFAULT_DRIVER = "redfishv1";
/** Nodes may be composed while those that are there are released. */
const MOST_ROUNDS = 5;

export interface PodManagerView {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly driver: string;
  /** Passwords are masked. */
  readonly authentication: readonly AuthenticationEntry[];
  /** Null: it was never asked. */
  readonly status: Status | null;
  readonly description: string | null;
  readonly location: string | null;
  /** Whether its certificate is verified, and if so by authorities of its own (PEM). */
  readonly verifyCa: boolean | string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface PodManagerInput {
  readonly name: string;
  readonly url: string;
  /** Absent: redfishv1. */
  readonly driver?: string;
  readonly authentication: readonly AuthenticationEntry[];
  /** False: its certificate is not verified; text: authorities to trust instead of Node's own, PEM. Absent: true. */
  readonly verifyCa?: boolean | string;
}

export interface PodManagerPatch {
  readonly name?: string;
  readonly driver?: string;
  /** A masked password keeps the one that is stored. */
  readonly authentication?: readonly AuthenticationEntry[];
  readonly description?: string | null;
  readonly location?: string | null;
  readonly verifyCa?: boolean | string;
}

export interface PodManagerServiceOptions {
  readonly store: Store;
  readonly connections: Connections;
  readonly secrets: Secrets;
  /** Gives a node's hardware back and forgets the node, as DELETE of the node does. One that is gone already is no error. */
  readonly releaseNode: (nodeId: string, requestId: string) => Promise<void>;
  /** A pod manager was created; nobody waits. */
  readonly created: (podManagerId: string) => void;
  /** Its record is gone. */
  readonly removed: (podManagerId: string) => void;
}

/** Registered pod managers, by id. */
export class PodManagerService {
  readonly #options: PodManagerServiceOptions;

  constructor(options: PodManagerServiceOptions) {
    this.#options = options;
  }

  /** In order of creation. */
  async list(filter: PodManagerFilter = {}): Promise<PodManagerView[]> {
    return (await this.#options.store.read((db) => listPodManagers(db, filter))).map(viewOf);
  }

  /** @throws AppError pod-manager.not-found */
  async find(id: string): Promise<PodManagerView> {
    return viewOf(await this.#row(id));
  }

  /**
   * Asks it for its status and stores it; with Redfish drivers also when it cannot be reached, as Offline. Its devices are
   * listed afterwards, nobody waits for that.
   * @throws AppError request.invalid, pod-manager.duplicate, .unknown-driver; from ExpEther .credentials (of the caller's
   * giving: the contract wants 401), .unreachable, .timeout, .refused
   */
  async create(input: PodManagerInput, signal: AbortSignal): Promise<PodManagerView> {
    const { store, connections, secrets, created } = this.#options;
    const row = newRow(randomUUID(), input, secrets);
    connections.driver(row.driver);
    const other = await store.read((db) => findPodManagerLike(db, row));
    if (other !== undefined) throw duplicate(row, other);
    const podManager = connections.connect(row);
    let status: Status;
    try {
      status = await podManager.status(signal);
    } finally {
      await podManager.close();
    }
    if (!(await store.read((db) => insertPodManager(db, { ...row, status }))))
      throw duplicate(row, await store.read((db) => findPodManagerLike(db, row)));
    created(row.id);
    return viewOf({ ...row, status });
  }

  /**
   * Registers one that is known to be there, under an id of the caller's; one of this id is led to its new URL and credentials.
   * False: another one has its name or URL.
   */
  async adopt(id: string, input: PodManagerInput): Promise<boolean> {
    const { store, secrets } = this.#options;
    const row = newRow(id, input, secrets);
    return await store.transaction(async (tx) => {
      const known = await lockPodManager(tx, id);
      if (known === undefined) return await insertPodManager(tx, { ...row, status: "Online" });
      const { url, address, driver, authentication, secret, ca, insecure } = row;
      if ((await findPodManagerLike(tx, { id, name: known.name, address })) !== undefined) return false;
      return await updatePodManager(tx, id, { url, address, driver, authentication, secret, ca, insecure });
    });
  }

  /**
   * What is given replaces the old. When the way to it changed it is asked for its status anew, and is Offline if that
   * cannot be had.
   * @throws AppError pod-manager.not-found, .duplicate, .unknown-driver, request.invalid
   */
  async update(id: string, patch: PodManagerPatch, signal: AbortSignal): Promise<PodManagerView> {
    const { store, connections, secrets } = this.#options;
    if (patch.driver !== undefined) connections.driver(patch.driver);
    const changed = await store.transaction(async (tx) => {
      const row = await lockPodManager(tx, id);
      if (row === undefined) throw podManagerMissing(id);
      const values = { ...this.#changes(row, patch, secrets), updatedAt: new Date() };
      const next = { ...row, ...values };
      const other = await findPodManagerLike(tx, next);
      if (other !== undefined || !(await updatePodManager(tx, id, values))) throw duplicate(next, other);
      return next;
    });
    const { driver, authentication, verifyCa } = patch;
    if (driver === undefined && authentication === undefined && verifyCa === undefined) return viewOf(changed);
    const status = await connections
      .of(changed)
      .status(signal)
      .catch((): Status => "Offline");
    await store.read((db) => setPodManagerStatus(db, id, status));
    return viewOf({ ...changed, status });
  }

  /**
   * Releases its nodes, then forgets it and its devices. An error of a node's release ends it: what was not released stays.
   * `force`: only what is stored is removed, the hardware is not asked; what it has composed stays as it is.
   * @throws AppError pod-manager.not-found, node.busy when an operation goes on, and what the release of a node throws
   */
  async remove(id: string, { force, requestId }: { force: boolean; requestId: string }): Promise<void> {
    const { store, connections, releaseNode, removed } = this.#options;
    await this.#row(id);
    if (force) await store.transaction((tx) => forgetPodManager(tx, id));
    else {
      for (let round = 1; ; round++) {
        for (const nodeId of await store.read((db) => nodesOfPodManager(db, id))) await releaseNode(nodeId, requestId);
        if (await store.read((db) => deletePodManager(db, id))) break;
        const busy = await store.read((db) => busyNodesOfPodManager(db, id));
        if (busy.length > 0 || round >= MOST_ROUNDS)
          throw new AppError(
            "node.busy",
            `nodes of pod manager ${id} are being worked on (${busy.slice(0, 10).join(", ")}), it stays registered.\nTry again when that is done.`,
          );
      }
    }
    connections.drop(id);
    removed(id);
  }

  #changes(row: PodManagerRow, patch: PodManagerPatch, secrets: Secrets): Partial<PodManagerRow> {
    const { verifyCa, authentication, ...plain } = patch;
    const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
    if (authentication === undefined) return { ...given, ...(verifyCa === undefined ? {} : verifying(verifyCa)) };
    // Opened only when it is needed: after the loss of the key new passwords are the way out.
    const masked = authentication.some(({ auth_items }) => auth_items.password === MASK);
    const stored = {
      authentication: [...row.authentication],
      passwords: masked ? secrets.open(row.id, row.secret) : [],
    };
    const split = splitAuthentication(authentication, stored);
    const sealed = { authentication: split.authentication, secret: secrets.seal(row.id, split.passwords) };
    return { ...given, ...sealed, ...(verifyCa === undefined ? {} : verifying(verifyCa)) };
  }

  async #row(id: string): Promise<PodManagerRow> {
    const row = await this.#options.store.read((db) => findPodManager(db, id));
    if (row === undefined) throw podManagerMissing(id);
    return row;
  }
}

/** @throws AppError request.invalid */
function newRow(id: string, input: PodManagerInput, secrets: Secrets): PodManagerRow {
  const { name, url, driver = DEFAULT_DRIVER, verifyCa = true } = input;
  const { authentication, passwords } = splitAuthentication(input.authentication, null);
  const now = new Date();
  return {
    id,
    name,
    url: url.trim(),
    address: addressOf(url),
    driver,
    authentication,
    secret: secrets.seal(id, passwords),
    ...verifying(verifyCa),
    status: null,
    description: null,
    location: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** @throws AppError request.invalid when it is text but no certificate */
function verifying(verifyCa: boolean | string): Pick<PodManagerRow, "ca" | "insecure"> {
  if (typeof verifyCa === "boolean") return { ca: null, insecure: !verifyCa };
  if (!verifyCa.includes("-----BEGIN CERTIFICATE-----"))
    throw new AppError("request.invalid", "verify_ca: expected true, false or certificates in PEM form");
  return { ca: verifyCa, insecure: false };
}

function duplicate(row: PodManagerRow, other: PodManagerRow | undefined): AppError {
  const what = other?.name === row.name ? `name "${row.name}"` : `URL ${row.url}`;
  return new AppError("pod-manager.duplicate", `Another pod manager (${other?.id ?? "made just now"}) has the ${what}`);
}

function viewOf(row: PodManagerRow): PodManagerView {
  const { id, name, url, driver, authentication, status, description, location, createdAt, updatedAt } = row;
  const verifyCa = row.ca ?? !row.insecure;
  return { id, name, url, driver, authentication, status, description, location, verifyCa, createdAt, updatedAt };
}
