import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PGlite, type PGliteOptions } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import { drizzle } from "drizzle-orm/pglite";
import { migrate } from "drizzle-orm/pglite/migrator";
import { lockDirectory } from "./directory-lock.ts";
import { translated } from "./errors.ts";
import { migrationsFolder } from "./migrate.ts";
import * as schema from "./schema/index.ts";
import type { Db, Store } from "./store.ts";

/** Opens the embedded store in a directory, or in memory when there is none. */
export async function openPglite(directory: string | undefined): Promise<Store> {
  if (directory === undefined) return pgliteStore(await PGlite.create(), () => {});
  const root = resolve(directory);
  mkdirSync(root, { recursive: true });
  const unlock = lockDirectory(root);
  try {
    return await pgliteStore(await openCluster(join(root, "cluster")), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

/** The store over an engine that nobody else uses; `closed` is called once it is closed. */
export async function pgliteStore(engine: PGlite, closed: () => void): Promise<Store> {
  const db = drizzle(engine, { schema });
  await migrate(db, { migrationsFolder });
  const bordered = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw translated(error);
    }
  };
  return {
    kind: "pglite",
    read: (use) => bordered(use(db)),
    // One connection: a transaction always sees one state.
    transaction: (use) => bordered(db.transaction((tx) => use(tx as unknown as Db))),
    ping: () => bordered(engine.query("select 1").then(() => undefined)),
    async close() {
      if (engine.closed) return;
      await engine.close();
      closed();
    },
  };
}

/** Opens a cluster directory, making it first. It appears complete or not at all, also when the process is killed. */
async function openCluster(path: string): Promise<PGlite> {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  if (!readdirSync(dirname(path)).includes("cluster")) {
    const made = await PGlite.create(durable(unfinished));
    await made.close();
    syncTree(unfinished);
    renameSync(unfinished, path);
    sync(dirname(path));
  }
  return await PGlite.create(durable(path));
}

/**
 * PGlite comes with fsync off and a file system that ignores it, which survives kill -9 but not a power cut. Here a
 * commit returns when it is on disk. `wal_sync_method`: the engine's C library turns fdatasync into nothing.
 */
function durable(path: string): PGliteOptions {
  return {
    fs: new DurableFS(path),
    startParams: [...PGlite.defaultStartParams.filter((param) => param !== "-F"), "-c", "wal_sync_method=fsync"],
    relaxedDurability: false,
  };
}

/** What we use of the engine's view on Node's files. */
interface EngineModule {
  NODEFS: { stream_ops: { fsync?: (stream: { nfd?: number }) => number } };
}

class DurableFS extends NodeFS {
  override async init(engine: PGlite, options: Parameters<NodeFS["init"]>[1]): ReturnType<NodeFS["init"]> {
    const made = await super.init(engine, options);
    const hook = (module: unknown): void => {
      (module as EngineModule).NODEFS.stream_ops.fsync = (stream) => {
        // Directories have no descriptor here; files are preallocated segments or synced as a whole at checkpoints.
        if (stream.nfd !== undefined) fdatasyncSync(stream.nfd);
        return 0;
      };
    };
    made.emscriptenOpts.preRun = [...(made.emscriptenOpts.preRun ?? []), hook];
    return made;
  }
}

function syncTree(root: string): void {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true }))
    if (entry.isFile() || entry.isDirectory()) sync(join(entry.parentPath, entry.name));
  sync(root);
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
