// A system described by what it shall have: the service picks the blocks. Source: DMTF DSP2050, constrained composition.

import { type Json, Refusal } from "./base/answer.ts";
import type { SimBlock, SimPart } from "./redfish-blocks.ts";

/** So many parts of a kind, each with at least this. */
interface Wish {
  readonly kind: SimPart["kind"];
  readonly count: number;
  readonly fields: Json;
}

/**
 * Blocks that have what is asked for, of one zone; the first zone that serves, and in it always the block that has the least
 * of what is not needed.
 * @throws Refusal 400 for what is malformed, 409 when no zone serves
 */
export function picked(body: Json, isFree: (block: SimBlock) => boolean, blocks: readonly SimBlock[]): string[] {
  const wishes = wishesOf(body);
  if (wishes.length === 0) throw new Refusal(400, "Nothing is asked for: neither blocks nor Processors, Memory, …");
  const affinity = body["@Redfish.ZoneAffinity"];
  const zones = [...new Set(blocks.map(({ zone }) => zone))].filter(
    (zone) => affinity === undefined || zone === affinity,
  );
  for (const zone of zones) {
    const found = inZone(
      wishes,
      blocks.filter((block) => block.zone === zone && isFree(block)),
    );
    if (found !== null) return found;
  }
  throw new Refusal(409, `The requested resources of type '${wishes[0]!.kind}' are not available for allocation.`, {
    code: "Composition.1.1.NoResourceMatch",
  });
}

function inZone(wishes: readonly Wish[], free: readonly SimBlock[]): string[] | null {
  const taken: SimBlock[] = [];
  const have = (wish: Wish) => taken.reduce((sum, block) => sum + matching(block, wish), 0);
  for (const wish of wishes) {
    while (have(wish) < wish.count) {
      const [best] = free
        .filter((block) => !taken.includes(block) && matching(block, wish) > 0)
        // A computer first for processors and memory, then what is just enough.
        .sort((a, b) => rank(a, wish, wish.count - have(wish)) - rank(b, wish, wish.count - have(wish)));
      if (best === undefined) return null;
      taken.push(best);
    }
  }
  return taken.map(({ id }) => id);
}

function rank(block: SimBlock, wish: Wish, missing: number): number {
  const amount = matching(block, wish);
  return (amount >= missing ? 0 : 1_000_000) + (block.systems.length > 0 ? 10_000 : 0) + block.parts.length;
}

function matching({ parts }: SimBlock, { kind, fields }: Wish): number {
  return parts.filter(
    (part) => part.kind === kind && Object.entries(fields).every(([name, least]) => reaches(part, name, least)),
  ).length;
}

function reaches({ fields }: SimPart, name: string, least: unknown): boolean {
  const own = fields[name];
  return typeof least === "number" ? typeof own === "number" && own >= least : own === least;
}

function wishesOf(body: Json): Wish[] {
  const list = (name: string) => {
    const members = (body[name] as { Members?: unknown } | undefined)?.Members;
    if (body[name] !== undefined && !Array.isArray(members)) throw new Refusal(400, `${name}.Members must be a list`);
    return (members ?? []) as Json[];
  };
  const wish = (kind: SimPart["kind"], member: Json): Wish => {
    const { "@Redfish.RequestedCount": count, ...fields } = member;
    if (typeof count !== "number" || !Number.isInteger(count) || count < 1)
      throw new Refusal(400, `${kind}: @Redfish.RequestedCount is required, a whole number from 1`);
    return { kind, count, fields };
  };
  return [
    ...list("Processors").map((member) => wish("Processors", member)),
    ...list("Memory").map((member) => wish("Memory", member)),
    ...list("Storage").flatMap((member) =>
      (Array.isArray(member.Drives) ? (member.Drives as Json[]) : []).map((drive) => wish("Drives", drive)),
    ),
    ...list("EthernetInterfaces").map((member) => wish("EthernetInterfaces", member)),
  ];
}
