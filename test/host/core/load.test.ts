import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ABI_VERSION } from "../../../assembly/abi.ts";
import { type CoreExports, corePath, loadCore } from "../../../host/core/load.ts";
import { BUILDS } from "../../contracts/stage.ts";

/** The type checker holds these against CoreExports, the test against the modules. */
const EXPORTS: Readonly<Record<keyof CoreExports, "memory" | "function">> = {
  memory: "memory",
  abiVersion: "function",
  layout: "function",
  inventoryBytes: "function",
  columnAt: "function",
  requestBuffer: "function",
  begin: "function",
  construct: "function",
  improve: "function",
  handoverRows: "function",
  handoverLevels: "function",
  capture: "function",
  adopt: "function",
  work: "function",
  account: "function",
  finish: "function",
  result: "function",
  refutation: "function",
  refutationWords: "function",
  ruleCount: "function",
  ruleSpec: "function",
  disableRules: "function",
  filterRule: "function",
  filterAll: "function",
  mayEnterRackOf: "function",
  move: "function",
  selftest0: "function",
};

describe.each(BUILDS)("the %s build", (build) => {
  const module = new WebAssembly.Module(readFileSync(corePath(build)));

  it("imports nothing", () => {
    expect(WebAssembly.Module.imports(module)).toEqual([]);
  });

  it("exports what the host knows, and nothing else", () => {
    const found = WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]);
    expect(Object.fromEntries(found)).toEqual(EXPORTS);
  });

  it("speaks the host's ABI", () => {
    expect(loadCore(corePath(build)).abiVersion()).toBe(ABI_VERSION);
  });
});

it("a module that is not there is named", () => {
  expect(() => loadCore("nowhere/core.wasm")).toThrow(/nowhere\/core\.wasm/);
});
