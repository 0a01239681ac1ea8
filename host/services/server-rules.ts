// What news of a server does to what it holds, to its placement and to its plan.
import { isDeepStrictEqual } from "node:util";
import type { PlacementRow } from "../../db/queries/plans.ts";
import type { ServerGroupRow, ServerRow } from "../../db/queries/servers.ts";
import type { ServerRecord } from "../openstack/records.ts";
import { type Holding, heldBeside, type Sized, sameSize } from "./holdings.ts";
import { withoutOthers, withServerGroups } from "./server-groups.ts";
import { hintedOf } from "./server-hints.ts";
import type { ServerLedger } from "./server-ledger.ts";
import { faultOf, type Surroundings, verdictOnUnplanned } from "./server-verification.ts";

/** Clocks may differ by so much; whatever lies further in the future was written by one that has been set back since, ms. */
export const CLOCKS_MS = 60_000;

/** What was done, for logs. */
export interface Tally {
  added: number;
  /** Found on another host than it was planned for, or was before. */
  moved: number;
  resized: number;
  removed: number;
  /** Reservations given up because nothing was built in time. */
  lapsed: number;
  /** Servers that were built on another host than was planned for them. */
  readonly astray: Set<string>;
  /** Hosts that servers are on and that we do not know. */
  readonly unknownHosts: Set<string>;
}

export interface News {
  readonly ledger: ServerLedger;
  readonly surroundings: Surroundings;
  knows(host: string): boolean;
  /** ms since 1970, by our clock. */
  readonly now: number;
  /** For so long what is planned may not be so yet, ms. */
  readonly graceMs: number;
  /** When the full listing began that tells this, ms since 1970; null: an event. */
  readonly listedAt: number | null;
  readonly tally: Tally;
}

export function newTally(): Tally {
  return { added: 0, moved: 0, resized: 0, removed: 0, lapsed: 0, astray: new Set(), unknownHosts: new Set() };
}

/** It is so with the server. Older news than what is known changes nothing. */
export function serverIs(news: News, record: ServerRecord): void {
  const { ledger } = news;
  const known = ledger.servers.get(record.id);
  if (known !== undefined && isLate(news, known, record.at)) return;
  const server = merged(news, known, record);
  ledger.servers.set(record.id, server);
  link(news, record);
  if (record.state === "shelved") holdsNothing(news, record.id);
  else if (record.host === null) hasNoHost(news, server);
  else if (!news.knows(record.host)) news.tally.unknownHosts.add(record.host);
  else isOn(news, known, server, record, record.host);
}

/** It was deleted, or never came to be. */
export function serverIsGone(news: News, id: string, at: number | null): void {
  const { ledger, now, tally } = news;
  const known = ledger.servers.get(id);
  const main = ledger.main(id);
  const placement = placementOf(ledger, id, main);
  // The scheduler may have asked for a place after the server was gone.
  if (known?.state === "gone" && placement === undefined) return;
  // It stays known, so that older news of it do not bring it back.
  const last = latest(known?.at ?? null, at);
  ledger.servers.set(id, {
    ...(known ?? nothingOf(id)),
    state: "gone",
    host: null,
    fault: null,
    at: last,
    appliedAt: now,
  });
  if (main !== undefined || placement !== undefined) tally.removed++;
  if (placement === undefined) {
    ledger.dropAll(id);
    return;
  }
  if (ledger.isAdHoc(placement) || known?.built || (main !== undefined && main.plannedAt === null)) {
    ledger.dropAll(id);
    ledger.dropPlacement(placement);
    return;
  }
  // Heat makes another server in its place, on the same reservation, up to five times.
  ledger.dropAll(id, placement.id);
  if (known?.state === "error") avoid(news, id, known.host);
  ledger.putPlacement({ ...ledger.placement(placement.id)!, resourceId: null, reserved: false });
  const kept = ledger.holding(placement.id);
  if (kept !== undefined) ledger.put({ ...kept, source: "plan", resourceId: null, plannedAt: now });
}

/** A build on the host failed (null: where it was planned); Nova may try another one. */
export function buildFailed(news: News, id: string, host: string | null, at: number | null): void {
  const { ledger, now } = news;
  const known = ledger.servers.get(id);
  if (known !== undefined && (isLate(news, known, at) || known.built)) return;
  if (known !== undefined) ledger.servers.set(id, { ...known, host: null, at: latest(known.at, at), appliedAt: now });
  avoid(news, id, host);
  const main = ledger.main(id);
  if (main?.source === "existing") ledger.drop(main.id);
}

/** What was planned long ago and never built loses its reservation. `id`: of the allocation. */
export function neverBuilt(news: News, id: string): void {
  const { ledger, tally } = news;
  const row = ledger.holding(id);
  if (row === undefined) return;
  tally.lapsed++;
  const placement = ledger.placement(id);
  if (placement === undefined) ledger.drop(id);
  else if (ledger.isAdHoc(placement)) ledger.dropPlacement(placement);
  else ledger.lapse({ ...placement, resourceId: null });
}

/** The server groups that it is in have changed. `all`: those that there are. */
export function regrouped({ ledger }: News, id: string, all: readonly ServerGroupRow[]): void {
  const main = ledger.main(id);
  if (main === undefined) return;
  const groups = ledger.serverGroups(id, ledger.servers.get(id)?.groupHints ?? []);
  ledger.put({ ...main, groups: withServerGroups(withoutOthers(main.groups, all), groups) });
}

/** Is something newer known? A listing is newer than all that was told before it began, and than nothing told since. */
function isLate({ listedAt, now }: News, known: ServerRow, at: number | null): boolean {
  if (listedAt !== null) return isToldSince(known.appliedAt, listedAt, now);
  if (known.state === "gone") return at === null || known.at === null || at <= known.at;
  return at !== null && known.at !== null && at < known.at;
}

/** `appliedAt` by our clock, which may have been ahead then. */
export function isToldSince(appliedAt: number, listedAt: number, now: number): boolean {
  return appliedAt >= listedAt && appliedAt <= now + CLOCKS_MS;
}

/** Was it told by a clock of the cloud that has been set back since? */
export function isAhead(known: number | null, at: number | null): boolean {
  return known !== null && at !== null && known > at + CLOCKS_MS;
}

function latest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

function merged({ now, listedAt }: News, known: ServerRow | undefined, record: ServerRecord): ServerRow {
  const hints = hintedOf(record.hints);
  // A listing is right about the time, too: else all that is told would be late until the time of a clock that jumped.
  const isSetBack = listedAt !== null && isAhead(known?.at ?? null, record.at);
  const next: ServerRow = {
    id: record.id,
    name: record.name ?? known?.name ?? null,
    projectId: record.projectId ?? known?.projectId ?? null,
    state: record.state,
    built:
      (known?.built ?? false) || record.state === "active" || record.state === "resized" || record.state === "shelved",
    host: record.host,
    vcpus: record.size?.vcpus ?? known?.vcpus ?? null,
    ramMiB: record.size?.ramMiB ?? known?.ramMiB ?? null,
    diskGiB: record.size?.diskGiB ?? known?.diskGiB ?? null,
    valet: record.metadata === null ? (known?.valet ?? null) : (record.metadata.valet ?? null),
    groupHints: hints === null ? (known?.groupHints ?? []) : [...hints.groups],
    at: isSetBack ? record.at : latest(known?.at ?? null, record.at),
    appliedAt: now,
    fault: known?.fault ?? null,
  };
  // The time alone is not worth a commit.
  return known !== undefined && !isSetBack && isSame(known, next) ? known : next;
}

function isSame(a: ServerRow, b: ServerRow): boolean {
  return isDeepStrictEqual(a, { ...b, at: a.at, appliedAt: a.appliedAt });
}

function nothingOf(id: string): ServerRow {
  const nothing = { name: null, projectId: null, host: null, vcpus: null, ramMiB: null, diskGiB: null, valet: null };
  return { id, ...nothing, state: "building", built: false, groupHints: [], at: null, appliedAt: 0, fault: null };
}

/** Finds the placement that the server was made for, and takes it over from a server that failed. */
function link({ ledger, now }: News, record: ServerRecord): void {
  const { id, state } = record;
  if (ledger.main(id)?.source === "plan" || ledger.placementOf(id) !== undefined) return;
  const placement = ledger.meant(id, hintedOf(record.hints));
  if (placement === undefined || state === "error" || isForeign(ledger, placement, record)) return;
  const runs = state === "active" || state === "resized";
  const holder = placement.resourceId;
  if (holder !== null && holder !== id) {
    const other = ledger.servers.get(holder);
    const isFree = other?.state === "gone" || other?.state === "error" || (runs && other?.state !== "active");
    if (!isFree) return;
    displace(ledger, placement, holder);
  }
  // Whatever it held before, e.g. as a server that we did not know to be ours, it holds through its placement now.
  ledger.dropAll(id, placement.id);
  ledger.putPlacement({ ...placement, resourceId: id });
  const row = ledger.holding(placement.id);
  if (row !== undefined) ledger.put({ ...row, resourceId: id, plannedAt: row.plannedAt ?? now });
}

/** Users can give any hints, but no other project. The plan of one server alone is made by who asks for all. */
function isForeign(ledger: ServerLedger, placement: PlacementRow, { projectId }: ServerRecord): boolean {
  return projectId !== null && projectId !== ledger.projectOf(placement) && !ledger.isAdHoc(placement);
}

/**
 * The placement is for this server from now on. What the server held by itself it goes on holding while it runs
 * elsewhere; whoever had the placement before holds what it needs by itself.
 */
export function assign(ledger: ServerLedger, placement: PlacementRow, serverId: string, now: number): void {
  const holder = placement.resourceId;
  const other = ledger.main(serverId);
  if (holder !== null && holder !== serverId) displace(ledger, placement, holder);
  const held = ledger.held(serverId);
  ledger.dropAll(serverId, placement.id);
  const row = ledger.holding(placement.id);
  const own = other?.id === placement.id ? undefined : other;
  const runs = own?.plannedAt === null ? own : held;
  if (row !== undefined) {
    const isThere = runs !== undefined && runs.host === row.host && sameSize(runs, row);
    const isNew = holder !== serverId;
    ledger.put({ ...row, resourceId: serverId, plannedAt: isThere ? null : isNew ? now : row.plannedAt });
    if (runs !== undefined && runs.host !== row.host) ledger.put(heldBeside(serverId, row, runs.host, runs));
  }
  if (holder !== serverId) ledger.putPlacement({ ...placement, resourceId: serverId, reserved: false });
}

/** The server loses its placement to another; if it still has a host, it holds what it needs there by itself. */
function displace(ledger: ServerLedger, placement: PlacementRow, serverId: string): void {
  const server = ledger.servers.get(serverId);
  const row = ledger.holding(placement.id);
  ledger.dropAll(serverId, placement.id);
  if (row === undefined) return;
  ledger.put({ ...row, resourceId: null });
  if (server === undefined || server.state === "gone" || server.host === null || server.host !== row.host) return;
  ledger.put({ ...existing(server, server.host, row), groups: row.groups });
}

function placementOf(ledger: ServerLedger, id: string, main: Holding | undefined): PlacementRow | undefined {
  return (main?.source === "plan" ? ledger.placement(main.id) : undefined) ?? ledger.placementOf(id);
}

function holdsNothing({ ledger }: News, id: string): void {
  const placement = placementOf(ledger, id, ledger.main(id));
  ledger.dropAll(id);
  if (placement !== undefined && ledger.lapsed(placement.id) === undefined) ledger.lapse(placement);
}

/** Building, or failed to be built. */
function hasNoHost(news: News, { id, state, built }: ServerRow): void {
  if (built || state !== "error") return;
  avoid(news, id, null);
  const main = news.ledger.main(id);
  if (main?.source === "existing") news.ledger.drop(main.id);
}

/** The next server of its placement is to be built on another host while there is one. */
function avoid({ ledger }: News, id: string, host: string | null): void {
  const placement = placementOf(ledger, id, ledger.main(id));
  if (placement === undefined) return;
  const failed = host ?? placement.location;
  if (!placement.avoid.includes(failed)) ledger.putPlacement({ ...placement, avoid: [...placement.avoid, failed] });
}

function isOn(news: News, known: ServerRow | undefined, server: ServerRow, record: ServerRecord, host: string): void {
  const { ledger, tally } = news;
  const { id, state } = record;
  const runs = state === "active" || state === "resized";
  const main = ledger.main(id);
  const placement = placementOf(ledger, id, main);
  const size = sizeOf(server);
  if (main === undefined) {
    const planned = placement && ledger.lapsed(placement.id);
    const row = planned ?? (size === null ? null : existing(server, host, size));
    if (row === null) return;
    const first = verified(news, server, undefined, { ...row, ...size, host, resourceId: id, plannedAt: null });
    ledger.put(first);
    const { alsoOn } = record;
    if (alsoOn !== null && news.knows(alsoOn.host)) ledger.put(heldBeside(id, first, alsoOn.host, alsoOn.size));
    tally.added++;
  } else {
    if (isYetToCome(news, known, main, host, size, state)) return;
    const projectId = server.projectId ?? main.projectId;
    const plannedAt = runs ? null : main.plannedAt;
    const next = verified(news, server, main, { ...main, ...size, host, resourceId: id, plannedAt, projectId });
    if (main.host !== host && main.plannedAt !== null) tally.astray.add(id);
    if (main.host !== host) tally.moved++;
    else if (!sameSize(main, next)) tally.resized++;
    const held = beside(news, record, main, next);
    ledger.dropAll(id, main.id);
    ledger.put(next);
    if (held !== undefined) ledger.put(held);
  }
  if (placement === undefined) return;
  const confirmed = { ...placement, location: host, resourceId: id };
  ledger.putPlacement(runs ? { ...confirmed, reserved: true, avoid: [] } : confirmed);
}

/** Is it planned to move or to grow, and simply has not done so yet? */
function isYetToCome(
  { now, graceMs }: News,
  known: ServerRow | undefined,
  main: Holding,
  host: string,
  size: Sized | null,
  state: ServerRecord["state"],
): boolean {
  if (main.plannedAt === null || !known?.built || now - main.plannedAt >= graceMs) return false;
  // A resize that is reverted ends where it began.
  if (state !== "active" || known.state === "resized") return false;
  return host !== main.host || (size !== null && !sameSize(main, size));
}

/** What it holds beside `next`, as which `main` goes on. */
function beside(
  { ledger, knows, listedAt }: News,
  { id, state, alsoOn }: ServerRecord,
  main: Holding,
  next: Holding,
): Holding | undefined {
  const held = ledger.held(id);
  if (alsoOn !== null) return knows(alsoOn.host) ? heldBeside(id, next, alsoOn.host, alsoOn.size) : held;
  if (state === "resized") {
    const left = main.plannedAt === null && (main.host !== next.host || !sameSize(main, next));
    // What was held for its arrival is what it is now; what it leaves stays held.
    return left && (held === undefined || held.host === next.host) ? heldBeside(id, next, main.host, main) : held;
  }
  // An event of a failure says nothing of where else it may still be.
  return state === "error" && listedAt === null ? held : undefined;
}

/** The holding with its groups as they are now; notes which rule the server breaks there, unless we put it there. */
function verified(news: News, server: ServerRow, before: Holding | undefined, holding: Holding): Holding {
  const { ledger, surroundings } = news;
  const serverGroups = ledger.serverGroups(server.id, server.groupHints);
  const isUnplanned = holding.source === "existing";
  const { groups, fault } = isUnplanned
    ? verdictOnUnplanned(surroundings, server, holding, before, serverGroups)
    : { groups: withServerGroups(holding.groups, serverGroups), fault: null };
  const next = { ...holding, groups };
  const moved = before !== undefined && before.host !== holding.host;
  const broken =
    !isUnplanned && (moved || server.fault !== null) ? faultOf(surroundings, server.id, next, serverGroups) : fault;
  if (broken !== server.fault) ledger.servers.set(server.id, { ...server, fault: broken });
  return next;
}

/** Looks again whether the server breaks a rule where it is. */
export function reverified(news: News, id: string): void {
  const server = news.ledger.servers.get(id);
  const main = news.ledger.main(id);
  if (server === undefined || server.fault === null) return;
  if (main === undefined) news.ledger.servers.set(id, { ...server, fault: null });
  else news.ledger.put(verified(news, server, main, main));
}

function sizeOf({ vcpus, ramMiB, diskGiB }: ServerRow): Sized | null {
  return vcpus === null || ramMiB === null || diskGiB === null ? null : { vcpus, ramMiB, diskGiB };
}

/** What a server holds that we did not plan. */
function existing({ id, projectId }: ServerRow, host: string, { vcpus, ramMiB, diskGiB }: Sized): Holding {
  const whose = { planId: null, projectId, resourceId: id, plannedAt: null };
  return { id, source: "existing", host, vcpus, ramMiB, diskGiB, groups: [], pipes: [], ...whose };
}
