// The only place that instantiates the core. The loader is used for that alone: the core has no runtime, so its helpers
// for strings and arrays would not work.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { instantiateSync } from "@assemblyscript/loader";
import { ABI_VERSION } from "../../assembly/abi.ts";

/** Everything core.wasm exports; a test compares this list with the module. Pointers are byte offsets. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  abiVersion(): number;
  layout(blocks: number, racks: number, clusters: number, classes: number): number;
  inventoryBytes(): number;
  columnAt(column: number): number;
  requestBuffer(words: number): number;
  begin(seed: number): void;
  construct(limit: number): number;
  improve(limit: number, untilPlaced: number): number;
  handoverRows(): number;
  handoverLevels(): number;
  capture(): void;
  adopt(): number;
  work(): number;
  account(vm: number): number;
  finish(): number;
  result(): number;
  refutation(): number;
  refutationWords(): number;
  ruleCount(): number;
  ruleSpec(rule: number): number;
  disableRules(bits: number): void;
  filterRule(rule: number, vm: number, block: number, mask: number): number;
  filterAll(vm: number, block: number, mask: number): number;
  mayEnterRackOf(vm: number, row: number): number;
  move(vm: number, row: number): void;
  selftest0(): number;
}

export type CoreBuild = "release" | "debug" | "check";

const FILES: Record<CoreBuild, string> = {
  release: "core.wasm",
  debug: "core.debug.wasm",
  check: "core.check.wasm",
};

/** Path of a build of the core, from the sources and from dist/ alike. */
export function corePath(build: CoreBuild = "release"): string {
  const up = import.meta.url.endsWith(".ts") ? "../../" : "../../../";
  return fileURLToPath(new URL(`${up}build/${FILES[build]}`, import.meta.url));
}

/** Throws when the module is missing, asks for imports, or speaks another ABI. */
export function loadCore(path: string = corePath()): CoreExports {
  const module = new WebAssembly.Module(readFileSync(path));
  const { exports } = instantiateSync<Record<string, unknown>>(module, {});
  const core = exports as unknown as CoreExports;
  if (core.abiVersion() !== ABI_VERSION) {
    throw new Error(`${path} speaks ABI ${core.abiVersion()}, this host ${ABI_VERSION}. Run npm run build.`);
  }
  return core;
}
