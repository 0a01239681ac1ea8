import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore } from "../../db/client.ts";
import type { Store } from "../../db/store.ts";
import { audit } from "../support/audit.ts";
import { Gate } from "../support/gate.ts";
import { freshDatabase, postgresServer, type TestDatabase } from "../support/postgres.ts";
import { CALLER, dataCenter, type Services, services, stack } from "../support/services.ts";

const one = (on: Services, i: number) => on.plans.create(CALLER, stack(`s${i}`, { [`vm${i}`]: "c1" }));

describe.skipIf(postgresServer === null)("a PostgreSQL that goes away", () => {
  let database: TestDatabase;
  let proxy: Gate;
  let store: Store;
  let on: Services;
  beforeEach(async () => {
    database = await freshDatabase("postgres");
    const url = new URL(database.url!);
    proxy = new Gate({ host: url.hostname, port: Number(url.port || 5432) });
    url.host = `127.0.0.1:${await proxy.listen()}`;
    store = await openStore(url.href);
    on = await services(store, dataCenter(2, 2));
    await one(on, 0);
  });
  afterEach(async () => {
    await on.close();
    await store.close();
    await proxy.stop();
    await database.remove();
  });

  /** The store as it is, whatever the way to it. */
  const truth = async () => audit(await database.open(), [on.inventory.inventory]);

  test("requests are refused at once while it is away, and served when it is back", async () => {
    await proxy.stop();
    const started = Date.now();
    for (const outcome of await Promise.allSettled(Array.from({ length: 20 }, (_, i) => one(on, i + 1))))
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "store.unavailable", status: 503 } });
    await expect(on.plans.find("s0")).rejects.toMatchObject({ code: "store.unavailable" });
    expect(Date.now() - started).toBeLessThan(5_000);

    await proxy.listen();
    await expect
      .poll(
        () =>
          one(on, 1).then(
            () => "served",
            () => "refused",
          ),
        { timeout: 5_000 },
      )
      .toBe("served");
    expect((await on.plans.list()).map(({ stackId }) => stackId)).toEqual(["s0", "s1"]);
    expect(await truth()).toEqual([]);
  });

  test("connections that break in the middle of requests leave memory and store the same", async () => {
    for (let round = 0; round < 5; round++) {
      const requests = Array.from({ length: 6 }, (_, i) => one(on, round * 10 + i));
      await new Promise((resolve) => setTimeout(resolve, 5 + round * 7));
      proxy.reset();
      const answered = (await Promise.allSettled(requests)).flatMap((outcome) =>
        outcome.status === "fulfilled" ? [outcome.value!.stackId] : [],
      );
      await expect
        .poll(
          () =>
            on.inventory.catchUp().then(
              () => true,
              () => false,
            ),
          { timeout: 5_000 },
        )
        .toBe(true);
      const stored = (await on.plans.list()).map(({ stackId }) => stackId);
      expect(stored).toEqual(expect.arrayContaining(answered));
      expect(await truth()).toEqual([]);
    }
  });

  test("a commit whose answer is lost is there when the request is repeated", async () => {
    // The one who inserts a plan is the one whose commit is cut off.
    let inserting: unknown;
    proxy.cutAfter = (sent, client) => {
      const text = sent.toString("latin1");
      if (text.includes('insert into "plans"')) inserting = client;
      return client === inserting && text.includes("commit");
    };
    await expect(one(on, 1)).rejects.toMatchObject({ code: "store.unavailable" });
    proxy.cutAfter = () => false;
    await expect
      .poll(
        () =>
          on.plans.find("s1").then(
            ({ stackId }) => stackId,
            () => "",
          ),
        { timeout: 5_000 },
      )
      .toBe("s1");
    const stored = await on.plans.find("s1");
    expect(await one(on, 1)).toEqual(stored);
    expect(await truth()).toEqual([]);
  });

  test("no request hangs on a database that does not answer any more", async () => {
    proxy.mode = "dead";
    const started = Date.now();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => one(on, i + 1)));
    expect(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason.code)).toEqual(
      Array(10).fill("store.unavailable"),
    );
    expect(Date.now() - started).toBeLessThan(25_000);
    proxy.mode = "through";
    proxy.reset();
    await expect
      .poll(
        () =>
          one(on, 1).then(
            () => "served",
            () => "refused",
          ),
        { timeout: 10_000 },
      )
      .toBe("served");
    expect(await truth()).toEqual([]);
  });
});

test("an embedded store that is closed refuses requests as unavailable", async () => {
  const database = await freshDatabase("pglite");
  const on = await services(await database.open(), dataCenter(1, 1));
  await database.remove();
  await expect(one(on, 1)).rejects.toMatchObject({ code: "store.unavailable" });
});
