import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openStore } from "../../db/client.ts";
import { lockDirectory } from "../../db/directory-lock.ts";
import { currentVersion, nextVersion } from "../../db/queries/inventory.ts";
import { postgresServer } from "../support/postgres.ts";

test("a URL that names no store is refused, without its password", async () => {
  for (const url of ["mysql://u:secret@h/db", "pglite:", "memory:x", ""]) {
    const refusal = openStore(url);
    await expect(refusal).rejects.toMatchObject({ code: "config.invalid" });
    await expect(refusal).rejects.not.toThrow(/secret/);
  }
});

test("a server that is not there is unavailable at once", async () => {
  const started = Date.now();
  await expect(openStore("postgres://nobody@127.0.0.1:1/x")).rejects.toMatchObject({ code: "store.unavailable" });
  expect(Date.now() - started).toBeLessThan(5_000);
});

test.skipIf(postgresServer === null)("of several hosts the one that answers is used", async () => {
  const { host } = new URL(postgresServer!);
  const store = await openStore(postgresServer!.replace(host, `127.0.0.1:1,${host}`));
  await store.ping();
  await store.close();
});

describe("the embedded store in a directory", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "ostro-db-"));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  test("keeps what was committed, forces it to disk, and is one process's own", { timeout: 90_000 }, async () => {
    const path = join(directory, "deep", "data");
    // Left behind by a process that was killed while it made the store.
    mkdirSync(join(path, "cluster.new"), { recursive: true });
    writeFileSync(join(path, "cluster.new", "PG_VERSION"), "18");

    const store = await openStore(`pglite:${path}`);
    expect(await store.transaction((tx) => nextVersion(tx))).toBe(1);
    const settings = await store.read((db) =>
      db.execute(
        sql`select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'wal_sync_method')`,
      ),
    );
    expect(JSON.parse(JSON.stringify(settings)).rows).toEqual([
      { name: "fsync", setting: "on" },
      { name: "synchronous_commit", setting: "on" },
      { name: "wal_sync_method", setting: "fsync" },
    ]);
    await expect(openStore(`pglite:${path}`)).rejects.toMatchObject({
      code: "store.in-use",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await store.close();
    await store.close();
    expect(readdirSync(path)).toEqual(["cluster"]);

    const again = await openStore(`pglite:${path}`);
    expect(await again.read(currentVersion)).toBe(1);
    await again.close();
  });
});

describe("the lock of a directory", () => {
  const fresh = () => {
    const directory = mkdtempSync(join(tmpdir(), "ostro-lock-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  };
  const other = async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log()"]);
    await once(child.stdout, "data");
    return child;
  };
  /** As that process would have written it. */
  const lineOf = (pid: number) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${pid} ${start} ${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}`;
  };

  test.skipIf(process.platform !== "linux")(
    "is another process's while it runs, and free when it was killed",
    async () => {
      const directory = fresh();
      const child = await other();
      writeFileSync(join(directory, "lock"), lineOf(child.pid!));
      expect(() => lockDirectory(directory)).toThrow(`is in use by process ${child.pid}`);
      child.kill("SIGKILL");
      await once(child, "exit");
      lockDirectory(directory)();
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  test.skipIf(process.platform !== "linux")("is not kept by a new process that got the id of the old one", async () => {
    const directory = fresh();
    const child = await other();
    writeFileSync(join(directory, "lock"), lineOf(child.pid!).replace(/ \d+ /, " 1 "));
    lockDirectory(directory)();
    child.kill("SIGKILL");
  });

  test("is taken over from a lock that makes no sense, and from one who died taking it over", () => {
    const directory = fresh();
    writeFileSync(join(directory, "lock"), "");
    writeFileSync(join(directory, "lock.taking"), "999999999 1 x");
    const release = lockDirectory(directory);
    expect(readFileSync(join(directory, "lock"), "utf8")).toMatch(new RegExp(`^${process.pid} `));
    expect(() => lockDirectory(directory)).toThrow(/in use by process/);
    release();
    lockDirectory(directory)();
  });
});
