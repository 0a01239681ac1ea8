// Which server and devices of an ExpEther network serve a node best.

import { type AppError, UpstreamError } from "../errors.ts";
import type { Choice, Facts, Requirements } from "./driver.ts";
import { type Board, FREE_GROUP, NO_GROUP, ownersOf, pathOf, typeOf } from "./expether-boards.ts";

export interface Plan extends Facts {
  /** Ids of boards. */
  readonly server: string;
  readonly devices: readonly string[];
}

/** Claimed with a server that had no group: the group it gets is ours to give back. */
export function groupPathOf(id: string): string {
  return `${pathOf(id)}/group_id`;
}

interface Candidate {
  readonly server: Board;
  /** Devices it has already; nobody's node, but somebody put them there. */
  readonly attached: number;
  /** It would be slower than its devices. */
  readonly slower: boolean;
  /** Places for devices that stay free. */
  readonly left: number;
}

/**
 * For each type the first device that is free; for them the server that slows none down, has none yet and leaves the fewest
 * places unused; among equals one that has a group, since a server may have to be restarted when it gets one.
 * @throws UpstreamError pod-manager.no-fit (404, EEM's own code for it)
 */
export function choose(
  requirements: Requirements,
  taken: ReadonlySet<string>,
  servers: readonly Board[],
  devices: readonly Board[],
): Choice {
  const wanted = requirements.pciDevices ?? [];
  const picked = pick(wanted, taken, devices);
  if (requirements.remoteStorage !== undefined)
    throw none("remote_storage: ExpEther has none. Ask for a pci_device of type SSD instead.");
  const owners = ownersOf(servers);
  const usable = servers.filter((server) => !taken.has(pathOf(server.id)) && !server.down);
  const candidates = usable
    .map((server): Candidate => {
      const owns = owners.get(server.group)?.id === server.id;
      const attached = owns ? devices.filter((device) => device.group === server.group).length : 0;
      return {
        server,
        attached,
        slower: picked.some((device) => device.speed === "40g" && server.speed === "10g"),
        left: server.mostDevices - attached - picked.length,
      };
    })
    // A group that another server has got would make our devices its own.
    .filter(({ server }) => server.group === NO_GROUP || owners.get(server.group)?.id === server.id);
  const [best] = candidates.filter(({ left }) => left >= 0).toSorted(better);
  if (best === undefined)
    throw none(
      candidates.length === 0
        ? `Node not available: none of ${servers.length} servers (eesv) is free and up`
        : `Node not available: of ${candidates.length} free servers (eesv) none takes ${picked.length} more devices, the best has ${Math.max(...candidates.map(({ left }) => left)) + picked.length} places left`,
    );
  const plan: Plan = { server: best.server.id, devices: picked.map(({ id }) => id) };
  const ownGroup = best.server.group === NO_GROUP ? [groupPathOf(best.server.id)] : [];
  return {
    resources: [pathOf(plan.server), ...ownGroup, ...plan.devices.map(pathOf)],
    cost: {
      zonesBroken: 0,
      racks: 0,
      resources: 1 + picked.length,
      wasteBp: wasteOf(best),
    },
    unknown: (["processor", "memory"] as const).filter((part) => requirements[part] !== undefined),
    reasons: reasonsOf(best, picked, wanted, requirements, candidates.length),
    plan,
  };
}

function pick(wanted: readonly string[], taken: ReadonlySet<string>, devices: readonly Board[]): Board[] {
  const free = devices
    .filter((device) => device.group === FREE_GROUP && !device.down && !taken.has(pathOf(device.id)))
    .toSorted(byId);
  const picked = new Set<Board>();
  const short: string[] = [];
  for (const type of wanted) {
    const found = free.find((device) => !picked.has(device) && typeOf(device)?.toLowerCase() === type.toLowerCase());
    if (found === undefined) short.push(type);
    else picked.add(found);
  }
  if (short.length === 0) return [...picked];
  const has = new Map<string, number>();
  for (const device of free) {
    const type = typeOf(device) ?? "of unknown type (10G boards)";
    has.set(type, (has.get(type) ?? 0) + 1);
  }
  const offer = [...has].map(([type, count]) => `${count} ${type}`).join(", ") || "none";
  throw none(
    `Requested device not available: pci_device ${short.join(", ")} (${wanted.length} asked for). Free are: ${offer}`,
  );
}

function better(a: Candidate, b: Candidate): number {
  return (
    Number(a.slower) - Number(b.slower) ||
    a.attached - b.attached ||
    a.left - b.left ||
    Number(a.server.group === NO_GROUP) - Number(b.server.group === NO_GROUP) ||
    byId(a.server, b.server)
  );
}

function byId(a: Board, b: Board): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

function wasteOf({ server, left }: Candidate): number {
  if (server.mostDevices === 0) return 10_000;
  return Math.round((10_000 * left) / server.mostDevices);
}

function reasonsOf(
  { server, attached, slower, left }: Candidate,
  picked: readonly Board[],
  wanted: readonly string[],
  { processor, memory }: Requirements,
  free: number,
): string[] {
  const reasons = [
    `Server ${server.id} (${server.speed ?? "speed unknown"}) is the best of ${free} free ones: ${left} of its ${server.mostDevices} places for devices stay unused.`,
  ];
  for (const [at, device] of picked.entries()) reasons.push(`Device ${device.id} is the first free ${wanted[at]}.`);
  if (attached > 0) reasons.push(`It has ${attached} devices already; servers without any had no place.`);
  if (slower) reasons.push("A 10G server is slower than its 40G devices; no 40G server is free.");
  if (processor !== undefined || memory !== undefined)
    reasons.push("ExpEther does not tell processors and memory of servers: what was asked of them was not compared.");
  return reasons;
}

function none(message: string): AppError {
  return new UpstreamError("pod-manager.no-fit", { status: 404, code: "40400", title: "ExpEther Exception" }, message);
}
