import type { LocatedSystem } from "../../services/hardware/systems.ts";
import { clip, isObject } from "../body.ts";
import { QueryError } from "./errors.ts";

/** Parameters that ask for at least this much, and of what. */
const LEAST: { readonly [name: string]: (system: LocatedSystem) => number } = {
  ram: ({ ramGib }) => ramGib,
  storage: ({ storageGib }) => storageGib,
  network: ({ networks }) => networks,
  nw: ({ networks }) => networks,
  cores: ({ cores }) => cores,
};

export const LEAST_QUERY = {
  ram: "Systems with at least this much memory, GiB",
  storage: "Systems with at least this much storage, GiB",
  network: "Systems with at least so many network interfaces; also `nw`",
  cores: "Systems with at least so many cores",
};

type Test = (system: LocatedSystem) => boolean;

/**
 * Takes what asks for least amounts or for members of the Redfish record (`Status/State=enabled`, whatever the case) out of
 * a query; what is left are filters as of any list. Contract: valence-rest, section 8.1. @throws QueryError
 */
export function systemFilter(query: URLSearchParams): { matches: Test; rest: URLSearchParams } {
  const tests: Test[] = [];
  const rest = new URLSearchParams();
  const seen = new Set<string>();
  for (const [key, value] of query) {
    const least = LEAST[key];
    const isMember = /^[A-Z]/.test(key) && key !== "Name" && key !== "Description";
    if (least === undefined && !isMember) rest.append(key, value);
    else if (!seen.has(key)) tests.push(least === undefined ? memberTest(key, value) : leastTest(key, least, value));
    seen.add(key);
  }
  return { matches: (system) => tests.every((test) => test(system)), rest };
}

function leastTest(key: string, amount: (system: LocatedSystem) => number, value: string): Test {
  if (!/^\d{1,9}$/.test(value)) throw new QueryError(`${key}: expected a whole number, got ${clip(value, 40)}`);
  return (system) => amount(system) >= Number(value);
}

function memberTest(path: string, value: string): Test {
  const names = path.toLowerCase().split("/");
  const wanted = value.toLowerCase();
  return ({ raw }) => {
    let at: unknown = raw;
    for (const name of names) {
      if (!isObject(at)) return false;
      at = Object.entries(at).find(([key]) => key.toLowerCase() === name)?.[1];
    }
    return ["string", "number", "boolean"].includes(typeof at) && String(at).toLowerCase() === wanted;
  };
}
