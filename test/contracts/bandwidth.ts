// Which links a unit's pipes would load, for the oracles of the rules on bandwidth. Written on names and facts.
import type { Host, Vm } from "../../host/core/model.ts";
import type { Stage } from "./stage.ts";

/** Links between two hosts, by name: NICs when the hosts differ, and uplinks when the racks do. */
function linksBetween(a: Host, b: Host): { nics: string[]; uplinks: string[] } {
  if (a.name === b.name) return { nics: [], uplinks: [] };
  const racks = a.rack === b.rack ? [] : [a.rack, b.rack].filter((rack) => rack !== null);
  return { nics: [a.name, b.name], uplinks: racks };
}

interface Loads {
  /** Link -> kbit/s of all pipes between ends that are placed or live. */
  readonly all: ReadonlyMap<string, number>;
  /** Those that a pipe of the unit is among. */
  readonly own: ReadonlySet<string>;
}

/** The loads of one kind of link if the unit stood on the host as well. */
export function loadsWith(kind: "nics" | "uplinks", unit: readonly Vm[], host: Host, stage: Stage): Loads {
  const { application, dataCenter, inventory, placed } = stage;
  const names = new Set(unit.map((vm) => vm.name));
  const hostOf = (vm: string) => (names.has(vm) ? host : placed.get(vm));
  const all = new Map<string, number>();
  const own = new Set<string>();
  for (const { a, b, living, kbps } of application.pipes ?? []) {
    const lives = dataCenter.existing.find((vm) => living && vm.id === b);
    const [from, to] = [hostOf(a), lives ? inventory.hosts.get(lives.host) : hostOf(b)];
    if (from === undefined || to === undefined) continue;
    for (const link of linksBetween(from, to)[kind]) {
      all.set(link, (all.get(link) ?? 0) + kbps);
      if (names.has(a) || (!living && names.has(b))) own.add(link);
    }
  }
  return { all, own };
}
