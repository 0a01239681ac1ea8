// Data centers and applications of the problem generator; for the cases always with the same seed.

import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { Inventory } from "../host/core/inventory.ts";
import type { Application, DataCenter } from "../host/core/model.ts";
import { parseProblem } from "../host/core/problem.ts";
import type { GeneratedProblem, GenerateOptions } from "../test/oracle/gen.mjs";
import { inRepository } from "./paths.ts";

const SEED = 1;
/** Applications are made for a data center of this size: they then are the same for every data center. */
const APPLICATION_HOSTS = 1000;

/** Shared by the cases, for they take seconds to make. Nobody changes them. */
export const sharedInventory = cached(async (hosts: number) => new Inventory((await problem(hosts, 1)).dataCenter));

/** Shared by the cases that change it and put everything back. */
export const changingInventory = cached(async (hosts: number) => new Inventory((await problem(hosts, 1)).dataCenter));

export const applicationOf = cached(async (vms: number) => (await problem(APPLICATION_HOSTS, vms)).application);

function cached<T>(make: (size: number) => Promise<T>): (size: number) => Promise<T> {
  const made = new Map<number, Promise<T>>();
  return (size) => {
    const known = made.get(size) ?? make(size);
    made.set(size, known);
    return known;
  };
}

async function problem(hosts: number, vms: number): Promise<{ dataCenter: DataCenter; application: Application }> {
  const file = await generated(hosts, vms, SEED);
  const { dataCenter, application } = parseProblem(JSON.stringify(file), "generated");
  if (application === null) throw new Error("the generator made no application");
  return { dataCenter, application };
}

/** A problem of any size and seed, in the format of problem files. */
export async function generated(
  hosts: number,
  vms: number,
  seed: number,
  options?: GenerateOptions,
): Promise<GeneratedProblem> {
  const { generate } = await generator();
  return generate(hosts, vms, seed, options);
}

/** The generator is plain JavaScript that no build copies, so it is found by its path. */
function generator(): Promise<typeof import("../test/oracle/gen.mjs")> {
  return import(pathToFileURL(inRepository("test/oracle/gen.mjs")).href);
}

/** Short, for comparing. */
export function hashOf(what: unknown): string {
  return createHash("sha256").update(JSON.stringify(what)).digest("hex").slice(0, 16);
}
