import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MAX_RULES } from "../../../assembly/abi.ts";
import { catalogueOf } from "../../../host/core/catalogue.ts";
import { BUILDS, sessionOf } from "../../contracts/stage.ts";

describe.each(BUILDS)("the catalogue of the %s build", (build) => {
  const rules = catalogueOf(sessionOf(build).core);

  // To change it on purpose: npx vitest run test/host/core/catalogue.test.ts -u
  it("is the golden one: names are kept for ever, the order is that of refusals", async () => {
    await expect(`${JSON.stringify(rules, null, 2)}\n`).toMatchFileSnapshot("../../golden/catalogue.json");
  });

  it("names each rule once, and has room for it in a refusal", () => {
    expect(new Set(rules.map((rule) => rule.name)).size).toBe(rules.length);
    expect(new Set(rules.map((rule) => rule.text)).size).toBe(rules.length);
    expect(rules.length).toBeLessThanOrEqual(MAX_RULES);
  });

  it("has a rule for each file of constraints", () => {
    const index = readFileSync(new URL("../../../assembly/constraints/index.ts", import.meta.url), "utf8");
    expect(rules).toHaveLength(index.match(/new \w+\(\)/g)!.length);
    for (const rule of rules) {
      expect(rule.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(rule.text).toMatch(/^[a-z ]+$/);
    }
  });
});
