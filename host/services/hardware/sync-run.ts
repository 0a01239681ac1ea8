import { randomUUID } from "node:crypto";
import {
  deleteDevices,
  deviceHolders,
  insertDevices,
  listDevices,
  replaceDevices,
} from "../../../db/queries/devices.ts";
import { lockPodManager, setPodManagerStatus } from "../../../db/queries/pod-managers.ts";
import { claimSync, databaseTime, endSync, keepSync } from "../../../db/queries/syncs.ts";
import type { Store } from "../../../db/store.ts";
import type { PodManager } from "../../drivers/driver.ts";
import { AppError, type ErrorCode } from "../../errors.ts";
import { deviceChanges } from "./device-changes.ts";

/** Says of the pod manager that nothing can be had from it now. */
const UNREACHABLE: ReadonlySet<ErrorCode> = new Set([
  "pod-manager.unreachable",
  "pod-manager.timeout",
  "pod-manager.credentials",
]);

export interface SyncRunOptions {
  readonly store: Store;
  readonly connect: (podManagerId: string) => Promise<PodManager>;
  /** Of this process. */
  readonly owner: string;
  /** A process that was silent for so long has lost its sync to others, ms. */
  readonly leaseMs: number;
  /** How long another process that is at it is waited for, ms. */
  readonly patienceMs: number;
  /** Between two looks whether it is done, ms. */
  readonly pauseMs: number;
}

/**
 * Lists the devices of a pod manager into the store, unless a listing that began after `sinceMs` ago went well already,
 * in whichever process. A listing that fails changes nothing but the status.
 * @throws AppError pod-manager.not-found, what the driver throws, store.unavailable
 */
export async function syncOnce(
  podManagerId: string,
  sinceMs: number,
  options: SyncRunOptions,
  signal: AbortSignal,
): Promise<void> {
  const { store, owner, leaseMs } = options;
  const claim = { podManagerId, owner, leaseMs };
  const begunAt = await claimed(claim, sinceMs, options, signal);
  if (begunAt === null) return;
  const lost = new AbortController();
  const heartbeat = setInterval(() => {
    store
      .read((db) => keepSync(db, claim))
      .then((kept) => {
        if (!kept) lost.abort(taken());
      })
      // The lease outlives a store that is away for a moment.
      .catch(() => {});
  }, leaseMs / 3);
  try {
    await run(claim, begunAt, options, AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    await store.read((db) => endSync(db, { ...claim, begunAt: null })).catch(() => {});
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}

type Claim = Parameters<typeof keepSync>[1];

async function run(claim: Claim, begunAt: Date, options: SyncRunOptions, signal: AbortSignal): Promise<void> {
  const { podManagerId } = claim;
  const { store } = options;
  // Read before the devices are listed: what changes meanwhile has another revision.
  const stored = await store.read((db) => listDevices(db, { podManagerId }));
  const podManager = await options.connect(podManagerId);
  const offline = () => store.read((db) => setPodManagerStatus(db, podManagerId, "Offline"));
  const status = await podManager.status(signal).catch(async (error: unknown) => {
    if (!signal.aborted) await offline();
    throw error;
  });
  if (status === "Offline") {
    await offline();
    throw new AppError("pod-manager.unreachable", "the pod manager is Offline");
  }
  const listed = await podManager.devices(signal).catch(async (error: unknown) => {
    if (error instanceof AppError && UNREACHABLE.has(error.code)) await offline();
    throw error;
  });
  await store.transaction(async (tx) => {
    // Before its sync and its devices: who deletes it locks them in this order.
    await lockPodManager(tx, podManagerId);
    if (!(await keepSync(tx, claim))) throw taken();
    const { added, changed, removed } = deviceChanges(stored, listed, await deviceHolders(tx, podManagerId));
    const now = new Date();
    await deleteDevices(tx, removed);
    await replaceDevices(tx, changed, now);
    const rows = added.map((values) => ({ ...values, id: randomUUID() }));
    await insertDevices(tx, podManagerId, rows, now);
    await setPodManagerStatus(tx, podManagerId, status);
    await endSync(tx, { ...claim, begunAt });
  });
}

/** Null: somebody else has done it. */
async function claimed(
  claim: Claim,
  sinceMs: number,
  { store, patienceMs, pauseMs }: SyncRunOptions,
  signal: AbortSignal,
): Promise<Date | null> {
  const asked = await store.read(databaseTime);
  const since = new Date(asked.getTime() - sinceMs);
  for (const end = performance.now() + patienceMs; ; ) {
    const got = await store.read((db) => claimSync(db, { ...claim, since }));
    if (got === "done") return null;
    if (got === "gone") throw new AppError("pod-manager.not-found", `Pod manager ${claim.podManagerId} not found`);
    if (got !== "busy") return got;
    signal.throwIfAborted();
    if (performance.now() > end)
      throw new AppError("pod-manager.timeout", "another process has been listing its devices for too long");
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function taken(): AppError {
  return new AppError("store.unavailable", "another process has taken the sync of this pod manager over");
}
