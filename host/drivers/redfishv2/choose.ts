// Which blocks of which zone serve a request best. Contract: drivers, 3.2 and 3.3.

import { AppError } from "../../errors.ts";
import type { Requirements } from "../driver.ts";
import { BLOCK_TYPES, type Block, type BlockType, isCompute } from "./block.ts";
import { cheapest, compareRanks, type Piece, type Problem, type Solution } from "./search.ts";

/** Blocks that may be combined, and what a service says about that. */
export interface Zone {
  /** Null: the service knows no zones. */
  readonly path: string | null;
  /** For sentences. */
  readonly name: string;
  readonly blocks: readonly string[];
  /** How many blocks of a type a system must and may have. */
  readonly least: Partial<Record<BlockType, number>>;
  readonly most: Partial<Record<BlockType, number>>;
}

export interface Chosen<Z extends Zone> {
  readonly zone: Z;
  readonly blocks: readonly Block[];
  readonly zonesBroken: number;
  readonly racks: number;
  readonly wasteBp: number;
  readonly reasons: readonly string[];
}

interface Need {
  readonly amount: number;
  of(block: Block): number;
  /** What is missing, in words: `4 of 16 cores`. */
  words(have: number): string;
}

/** Of kinds of blocks, in all zones together: the process does nothing else meanwhile. */
const MOST_LOOKS = 1_000_000;

/** Measures by which waste is told, in the order of tie-breaking. */
const MEASURES: readonly ((block: Block) => number)[] = [
  (block) => block.cores,
  (block) => block.memoryMib,
  (block) => block.storageGib,
  (block) => kindsOfDevices(block),
];

/**
 * The best blocks: no whole zone broken if it can be helped, few racks, few blocks, little waste, then the smaller zone.
 * @param rackOf path of a chassis → path of its rack
 * @throws AppError pod-manager.no-fit with what was short in each zone
 */
export function chooseBlocks<Z extends Zone>(
  blocks: readonly Block[],
  zones: readonly Z[],
  requirements: Requirements,
  taken: ReadonlySet<string>,
  rackOf: (chassis: string) => string | null,
): Chosen<Z> {
  const known = new Map(blocks.map((block) => [block.path, block]));
  const free = new Map(
    blocks.filter((block) => block.obstacle === null && !taken.has(block.path)).map((b) => [b.path, b]),
  );
  const whole = new Set(
    zones
      .filter((zone) => zone.path !== null && zone.blocks.every((path) => !(known.get(path)?.inUse || taken.has(path))))
      .map((zone) => zone.path!),
  );
  const wholeZonesOf = (path: string): string[] =>
    zones.flatMap((zone) =>
      zone.path !== null && whole.has(zone.path) && zone.blocks.includes(path) ? zone.path : [],
    );
  const short: string[] = [];
  let best: { zone: Z; blocks: Block[]; solution: Solution; rank: number[] } | null = null;
  for (const zone of zones) {
    const usable = zone.blocks.flatMap((path) => free.get(path) ?? []).filter((block) => suits(block, requirements));
    const needs = needsOf(
      requirements,
      zone,
      zone.blocks.flatMap((path) => known.get(path) ?? []),
    );
    const lacking = needs.flatMap((need) => {
      const have = usable.reduce((sum, block) => sum + need.of(block), 0);
      return have < need.amount ? need.words(have) : [];
    });
    const solution =
      lacking.length > 0
        ? null
        : cheapest(
            problemOf(usable, needs, zone, requirements, wholeZonesOf, (block) => rack(block, rackOf)),
            MOST_LOOKS / zones.length,
          );
    if (solution === null) {
      short.push(`${zone.name}: ${lacking.join(", ") || limitsInWords(zone)}${obstacles(zone, known, taken)}`);
      continue;
    }
    const rank = [solution.zonesBroken, solution.racks, solution.pieces.length, solution.wasteBp, usable.length];
    if (best && compareRanks(rank, best.rank) >= 0) continue;
    best = { zone, blocks: solution.pieces.flatMap(({ path }) => known.get(path)!), solution, rank };
  }
  const found = best as { zone: Z; blocks: Block[]; solution: Solution } | null;
  if (found === null) {
    const none = zones.length === 0 ? "The pod manager offers no zone to compose in." : short.join("\n");
    throw new AppError("pod-manager.no-fit", `No free blocks serve the request.\n${none}`);
  }
  const { zone, solution } = found;
  return {
    zone,
    blocks: found.blocks,
    zonesBroken: solution.zonesBroken,
    racks: solution.racks,
    wasteBp: solution.wasteBp,
    reasons: [
      ...reasonsFor(zone, found.blocks, solution, zones.length - short.length),
      ...short.map((text) => `Not ${text}.`),
    ],
  };
}

/** Blocks of the wrong processor or memory are left alone: a node shall not be a mixture. */
function suits(block: Block, { processor, memory }: Requirements): boolean {
  const model = processor?.model;
  if (model !== undefined && block.cores > 0 && !block.models.every((own) => includes(own, model))) return false;
  const type = memory?.type;
  return type === undefined || block.memoryMib === 0 || block.memoryTypes.some((own) => equal(own, type));
}

function needsOf(
  { processor, memory, pciDevices, remoteStorage }: Requirements,
  zone: Zone,
  all: readonly Block[],
): Need[] {
  // Where no block calls itself a computer, one is made of processors and memory.
  const whole = all.some(({ types }) => types.includes("Compute") || types.includes("ComputerSystem"));
  const isBase = whole
    ? ({ types }: Block) => types.includes("Compute") || types.includes("ComputerSystem")
    : (block: Block) => isCompute(block);
  const needs: Need[] = [
    { amount: 1, of: (block) => (isBase(block) ? 1 : 0), words: () => "no free compute block that suits" },
    {
      amount: processor?.totalCores ?? (processor?.model === undefined ? 0 : 1),
      of: (block) => block.cores,
      words: (have) => `${have} of ${processor?.totalCores ?? 1} cores${of(processor?.model)}`,
    },
    {
      amount: memory?.capacityMib ?? (memory?.type === undefined ? 0 : 1),
      of: (block) => block.memoryMib,
      words: (have) => `${have} of ${memory?.capacityMib ?? 1} MiB memory${of(memory?.type)}`,
    },
    {
      amount: remoteStorage?.capacityGib ?? 0,
      of: (block) => block.storageGib,
      words: (have) => `${have} of ${remoteStorage?.capacityGib} GiB storage`,
    },
  ];
  const counts = new Map<string, number>();
  for (const asked of pciDevices ?? []) {
    // However it is written: SSD and ssd are two of a kind.
    const type = [...counts.keys()].find((known) => equal(known, asked)) ?? asked;
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  for (const [type, amount] of counts)
    needs.push({
      amount,
      of: ({ devices }) => (devices.some((own) => equal(own, type)) ? 1 : 0),
      words: (have) => `${have} of ${amount} ${type}`,
    });
  for (const type of BLOCK_TYPES) {
    const amount = zone.least[type] ?? 0;
    needs.push({
      amount,
      of: ({ types }) => (types.includes(type) ? 1 : 0),
      words: (have) => `${have} of the ${amount} ${type} blocks a system must have`,
    });
  }
  return needs.filter(({ amount }) => amount > 0);
}

function problemOf(
  usable: readonly Block[],
  needs: readonly Need[],
  zone: Zone,
  { processor, memory, pciDevices, remoteStorage }: Requirements,
  wholeZonesOf: (path: string) => string[],
  rackOf: (block: Block) => string | null,
): Problem {
  const limited = BLOCK_TYPES.filter((type) => zone.most[type] !== undefined);
  const pieceOf = (block: Block): Piece => ({
    path: block.path,
    amounts: needs.map((need) => need.of(block)),
    sizes: MEASURES.map((measure) => measure(block)),
    limits: limited.flatMap((type, i) => (block.types.includes(type) ? i : [])),
    wholeZones: wholeZonesOf(block.path),
    rack: rackOf(block),
    shared: block.sharable,
  });
  return {
    pieces: usable.map(pieceOf),
    needs: needs.map(({ amount }) => amount),
    asked: [
      processor?.totalCores ?? 0,
      memory?.capacityMib ?? 0,
      remoteStorage?.capacityGib ?? 0,
      pciDevices?.length ?? 0,
    ],
    limits: limited.map((type) => zone.most[type]!),
  };
}

function rack({ chassis }: Block, rackOf: (chassis: string) => string | null): string | null {
  for (const path of chassis) {
    const found = rackOf(path);
    if (found !== null) return found;
  }
  return null;
}

/** An NVMe drive is one device, though it answers to two names. */
function kindsOfDevices({ devices }: Block): number {
  return devices.filter((type) => type !== "NVMe").length;
}

function reasonsFor(
  zone: Zone,
  blocks: readonly Block[],
  { zonesBroken, racks, wasteBp, proven }: Solution,
  fitting: number,
): string[] {
  const total = (of: (block: Block) => number) => blocks.reduce((sum, block) => sum + of(block), 0);
  const devices = blocks.flatMap(({ devices }) => devices.filter((type) => type !== "NVMe"));
  const amounts = [
    `${total(({ cores }) => cores)} cores`,
    `${total(({ memoryMib }) => memoryMib)} MiB memory`,
    `${total(({ storageGib }) => storageGib)} GiB storage`,
    ...devices,
  ];
  const broken = zonesBroken === 0 ? "no whole zone is broken" : `zones broken that were whole: ${zonesBroken}`;
  return [
    `${zone.name} serves best of ${fitting} that can: ${broken}${racks === 0 ? "" : `, ${racks + 1} racks`}.`,
    `${blocks.map(({ id }) => id).join(", ")}: ${amounts.join(", ")}; ${(wasteBp / 100).toFixed(2)} % of it not asked for.`,
    ...(proven ? [] : ["The search was ended early; there may be a better choice."]),
  ];
}

function limitsInWords({ least, most }: Zone): string {
  const said = [
    ...Object.entries(least).map(([type, amount]) => `at least ${amount} ${type}`),
    ...Object.entries(most).map(([type, amount]) => `at most ${amount} ${type}`),
  ];
  return `enough is free, but not within what one system may have (${said.join(", ")})`;
}

/** ` (in use: 3, reserved: 1)` */
function obstacles(zone: Zone, known: ReadonlyMap<string, Block>, taken: ReadonlySet<string>): string {
  const counts = new Map<string, number>();
  for (const path of zone.blocks) {
    const why = taken.has(path) ? "promised to other nodes" : (known.get(path)?.obstacle ?? null);
    if (why !== null) counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return counts.size === 0 ? "" : ` (blocks ${[...counts].map(([why, count]) => `${why}: ${count}`).join(", ")})`;
}

function of(kind: string | undefined): string {
  return kind === undefined ? "" : ` of ${kind}`;
}

function equal(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Services write `Intel(R) Xeon(R) Gold 6130`, users `xeon gold 6130`. */
function includes(own: string, asked: string): boolean {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replaceAll(/\((r|tm)\)/g, "")
      .replaceAll(/\s+/g, " ")
      .trim();
  return plain(own).includes(plain(asked));
}
