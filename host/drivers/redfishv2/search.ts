// The cheapest set of blocks that has what is asked for: branch and bound over kinds of equal blocks.

/** Something that can be taken once. */
export interface Piece {
  readonly path: string;
  /** What it has of each need, by index. */
  readonly amounts: readonly number[];
  /** What it has of each measure, by index; for the waste. */
  readonly sizes: readonly number[];
  /** Which limits it counts for, by index. */
  readonly limits: readonly number[];
  /** Zones that are whole until it is taken. */
  readonly wholeZones: readonly string[];
  readonly rack: string | null;
  /** Others use it too; taken only where one of its own would not be better. */
  readonly shared: boolean;
}

export interface Problem {
  readonly pieces: readonly Piece[];
  /** How much must be reached, by need. */
  readonly needs: readonly number[];
  /** How much of each measure was asked for. */
  readonly asked: readonly number[];
  /** How many pieces may count for each limit. */
  readonly limits: readonly number[];
}

export interface Solution {
  readonly pieces: readonly Piece[];
  readonly zonesBroken: number;
  /** Beyond the first. */
  readonly racks: number;
  readonly wasteBp: number;
  /** False: the search was ended before it had seen everything. */
  readonly proven: boolean;
}

/** Of what is taken, the part that was not asked for, basis points: the mean over all measures of which something is taken. */
export function wasteBp(taken: readonly number[], asked: readonly number[]): number {
  let sum = 0;
  let measures = 0;
  taken.forEach((amount, measure) => {
    if (amount <= 0) return;
    measures++;
    sum += Math.max(0, amount - (asked[measure] ?? 0)) / amount;
  });
  return measures === 0 ? 0 : Math.round((10_000 * sum) / measures);
}

/** Fields in the order they are compared: zones, racks, pieces, waste, shared pieces, then the absolute sizes. */
function rankOf(pieces: readonly Piece[], problem: Problem): number[] {
  const sizes = problem.asked.map((_, measure) => pieces.reduce((sum, piece) => sum + (piece.sizes[measure] ?? 0), 0));
  return [
    new Set(pieces.flatMap((piece) => piece.wholeZones)).size,
    Math.max(0, new Set(pieces.flatMap((piece) => piece.rack ?? [])).size - 1),
    pieces.length,
    wasteBp(sizes, problem.asked),
    pieces.filter((piece) => piece.shared).length,
    ...sizes,
  ];
}

/** Below 0: `a` is better. Missing fields count as equal. */
export function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

interface Kind {
  readonly like: Piece;
  /** In order of paths. */
  readonly pieces: Piece[];
}

function kindsOf(pieces: readonly Piece[]): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const piece of [...pieces].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const { path: _, ...rest } = piece;
    const key = JSON.stringify(rest);
    const kind = kinds.get(key);
    if (kind) kind.pieces.push(piece);
    else kinds.set(key, { like: piece, pieces: [piece] });
  }
  return [...kinds.values()];
}

/**
 * The best set, or null when none reaches all needs within the limits. Every set is looked at once at most: whoever takes a
 * kind for a need first leaves out the kinds that were tried for it before.
 * @param most how many kinds may be looked at, each time counted (a million take about 0.3 s); then the best so far is taken,
 * and where there is none yet, the search gives up after ten times as many
 */
export function cheapest(problem: Problem, most = 400_000): Solution | null {
  const { needs } = problem;
  const kinds = kindsOf(problem.pieces);
  const left = kinds.map((kind) => kind.pieces.length);
  const used = kinds.map(() => 0);
  const reached = needs.map(() => 0);
  const counted = problem.limits.map(() => 0);
  const taken: Piece[] = [];
  let best: { pieces: Piece[]; rank: number[] } | null = null;
  let seen = 0;

  const isOver = (): boolean => seen > (best === null ? 10 * most : most);

  const fits = (kind: Kind): boolean => kind.like.limits.every((limit) => counted[limit]! < problem.limits[limit]!);

  /** Pieces that are missing at least; infinite when what is left does not suffice. */
  const missing = (need: number): number => {
    const deficit = needs[need]! - reached[need]!;
    if (deficit <= 0) return 0;
    let largest = 0;
    let all = 0;
    kinds.forEach((kind, k) => {
      const amount = kind.like.amounts[need]!;
      if (left[k]! === 0 || amount === 0 || !fits(kind)) return;
      largest = Math.max(largest, amount);
      all += amount * left[k]!;
    });
    return all < deficit ? Number.POSITIVE_INFINITY : Math.ceil(deficit / largest);
  };

  const look = (): void => {
    seen += kinds.length;
    if (isOver()) return;
    const lacks = needs.map((_, need) => missing(need));
    const more = Math.max(0, ...lacks);
    if (more === Number.POSITIVE_INFINITY) return;
    const rank = rankOf(taken, problem);
    if (more === 0) {
      if (!best || compareRanks(rank, best.rank) < 0) best = { pieces: [...taken], rank };
      return;
    }
    if (best && compareRanks([rank[0]!, rank[1]!, rank[2]! + more], best.rank) > 0) return;
    const need = lacks.indexOf(more);
    const deficit = needs[need]! - reached[need]!;
    const candidates = kinds
      .map((kind, k) => ({ kind, k, rank: preference(kind.like, need, deficit) }))
      .filter(({ kind, k }) => left[k]! > 0 && kind.like.amounts[need]! > 0 && fits(kind))
      .sort((a, b) => compareRanks(a.rank, b.rank) || a.k - b.k);
    const before = candidates.map(({ k }) => left[k]!);
    for (const { kind, k } of candidates) {
      const piece = kind.pieces[used[k]!]!;
      take(piece, k, 1);
      look();
      take(piece, k, -1);
      left[k] = 0;
      if (isOver()) break;
    }
    candidates.forEach(({ k }, i) => {
      left[k] = before[i]!;
    });
  };

  /** What to try first: what breaks no zone and opens no rack, then what covers the need alone with the least above it. */
  const preference = (piece: Piece, need: number, deficit: number): number[] => {
    const zones = new Set(taken.flatMap((other) => other.wholeZones));
    const racks = new Set(taken.flatMap((other) => other.rack ?? []));
    const amount = piece.amounts[need]!;
    return [
      piece.wholeZones.filter((zone) => !zones.has(zone)).length,
      racks.size > 0 && piece.rack !== null && !racks.has(piece.rack) ? 1 : 0,
      piece.shared ? 1 : 0,
      amount >= deficit ? 0 : 1,
      amount >= deficit ? amount - deficit : -amount,
      ...piece.sizes,
    ];
  };

  const take = (piece: Piece, k: number, sign: 1 | -1): void => {
    if (sign > 0) taken.push(piece);
    else taken.pop();
    used[k]! += sign;
    left[k]! -= sign;
    piece.amounts.forEach((amount, need) => {
      reached[need]! += sign * amount;
    });
    for (const limit of piece.limits) counted[limit]! += sign;
  };

  look();
  const found = best as { pieces: Piece[]; rank: number[] } | null;
  if (!found) return null;
  return {
    pieces: found.pieces.sort((a, b) => (a.path < b.path ? -1 : 1)),
    zonesBroken: found.rank[0]!,
    racks: found.rank[1]!,
    wasteBp: found.rank[3]!,
    proven: !isOver(),
  };
}
