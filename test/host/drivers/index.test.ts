import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { drivers, loadDriver } from "../../../host/drivers/index.ts";

function moduleWith(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), "ostro-driver-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "driver.mjs");
  writeFileSync(file, source);
  return file;
}

describe("drivers", () => {
  it("go by the names that pod managers name", () => {
    for (const [name, driver] of drivers) expect(driver.name).toBe(name);
    expect([...drivers.keys()]).toEqual(expect.arrayContaining(["redfishv1", "redfishv2", "expether"]));
  });

  it.each([
    ["its default export", `export default { name: "mine", connect() {} };`],
    ["its export driver", `export const driver = { name: "mine", connect() {} };`],
  ])("of others are loaded from a module: %s", async (_, source) => {
    expect((await loadDriver(moduleWith(source))).name).toBe("mine");
  });

  it.each([
    ["has none", `export const driver = { name: "mine" };`, /exports no driver[\s\S]*a name \(text\) and connect/],
    ["breaks", `throw new Error("no such hardware");`, /cannot be loaded: no such hardware/],
  ])("are refused of a module that %s", async (_, source, message) => {
    const loading = loadDriver(moduleWith(source));
    await expect(loading).rejects.toMatchObject({ code: "config.invalid", message: expect.stringMatching(message) });
  });

  it("are refused of a module that is not there", async () => {
    await expect(loadDriver("./no-such-driver.mjs")).rejects.toMatchObject({ code: "config.invalid" });
    await expect(loadDriver("no-such-package")).rejects.toMatchObject({ code: "config.invalid" });
  });
});
