import { expect, test } from "vitest";
import { LocalSolver } from "../../../host/core/solver.ts";
import { StatusService } from "../../../host/services/status.ts";
import { freshDatabase } from "../../support/postgres.ts";
import { dataCenter, services } from "../../support/services.ts";

test("the engine is well while solver and store answer, and says which one does not", async () => {
  const database = await freshDatabase();
  const on = await services(await database.open(), dataCenter(1, 1));
  const status = new StatusService(on.store, on.inventory, new LocalSolver(), "127.0.0.1");
  expect(await status.engine()).toEqual({
    status: { type: "ok", message: "ping" },
    resources: { ip: "127.0.0.1", id: 1 },
  });
  expect(await status.notReady()).toBeNull();

  const silent = { solve: () => new Promise<never>(() => {}) };
  const waiting = new StatusService(on.store, on.inventory, silent, "127.0.0.1");
  const started = Date.now();
  expect(await waiting.engine()).toEqual({ status: { type: "error", message: "Timed out waiting for a response" } });
  expect(Date.now() - started).toBeLessThan(4_000);

  await on.close();
  await database.remove();
  expect(await status.notReady()).toMatch(/the store cannot be reached/);
  expect((await status.engine()).status.type).toBe("error");
});
