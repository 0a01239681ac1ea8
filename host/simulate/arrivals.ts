// Neighbouring lines of a trace -> the application that is planned as a whole.

import { type Application, GROUP_TYPES, type Group, type GroupType, groupKey, type Level } from "../core/model.ts";
import { AppError } from "../errors.ts";
import type { Arrival } from "./trace.ts";

/** Lines that follow each other with the same application and time, together; all others alone. */
export async function* together(arrivals: AsyncIterable<Arrival>): AsyncGenerator<readonly Arrival[], void, undefined> {
  let batch: Arrival[] = [];
  for await (const arrival of arrivals) {
    const first = batch[0];
    if (
      first &&
      (arrival.application === "" || arrival.application !== first.application || arrival.time !== first.time)
    ) {
      yield batch;
      batch = [];
    }
    batch.push(arrival);
  }
  if (batch.length > 0) yield batch;
}

/** @throws AppError file.invalid when two names of the application collide. `trace`: the file, for the message. */
export function applicationOf(batch: readonly Arrival[], trace: string): Application {
  const names = new Map<string, string>();
  const claim = (name: string, meaning: string, { line }: Arrival) => {
    const other = names.get(name);
    if (other !== undefined && other !== meaning)
      throw new AppError("file.invalid", `${trace}:${line}: ${meaning} and ${other} have the same name.\nRename one.`);
    names.set(name, meaning);
  };
  const members = new Map<string, string[]>();
  for (const arrival of batch) {
    claim(arrival.id, `VM (${arrival.id}) of line ${arrival.line}`, arrival);
    for (const key of arrival.groups) members.set(key, [...(members.get(key) ?? []), arrival.id]);
  }
  for (const arrival of batch) for (const key of arrival.groups) claim(nameOf(key), `group (${key})`, arrival);
  return {
    name: batch[0]!.application || batch[0]!.id,
    vms: batch.map(({ id, need, extraSpecs }) => ({ name: id, ...need, zone: null, extraSpecs })),
    groups: [...members].map(([key, ids]) => groupOf(key, ids)),
  };
}

function nameOf(key: string): string {
  return key.split(":").slice(2).join(":");
}

function groupOf(key: string, members: readonly string[]): Group {
  const name = nameOf(key);
  const level = key.split(":")[0] as Level;
  const type = GROUP_TYPES.find((type: GroupType) => groupKey({ level, type, name }) === key)!;
  return { name, type, level, members };
}
