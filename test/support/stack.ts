// Stacks in short: servers s1, s2 … called web1, web2 …, groups that exist, and what they are translated to.
import type { Group } from "../../host/core/model.ts";
import { type StackResource, toApplication } from "../../host/services/application.ts";
import type { KnownGroup } from "../../host/services/application-groups.ts";

export const ID = "9e6a1fd8-8b5c-4f0e-9d57-2f0b6a3c1d2e";
const known: KnownGroup[] = [
  { id: ID, name: "ex", type: "exclusivity", level: "host", members: ["demo"] },
  { id: "g2", name: "ex2", type: "exclusivity", level: "host", members: ["demo"] },
  { id: "g3", name: "old", type: "exclusivity", level: null, members: ["demo"] },
  { id: "g4", name: "closed", type: "exclusivity", level: "host", members: ["other"] },
  { id: "g5", name: "nobody", type: "exclusivity", level: "host", members: [] },
  { id: "g6", name: "near", type: "affinity", level: "host", members: [] },
  { id: "g7", name: "near2", type: "affinity", level: "host", members: [] },
  { id: "g8", name: "apart", type: "diversity", level: "rack", members: ["x", "demo"] },
  { id: "g9", name: "Capital", type: "exclusivity", level: "host", members: ["demo"] },
  { id: "ga", name: "odd", type: "quorum", level: "host", members: [] },
  { id: "gb", name: "rackex", type: "exclusivity", level: "rack", members: ["demo"] },
  { id: "gc", name: "s1", type: "affinity", level: "host", members: [] },
];
const valetFlavor = {
  id: "2",
  name: "grouped",
  vcpus: 1,
  ramMiB: 1,
  diskGiB: 1,
  extraSpecs: { valet: '{"groups":["near"]}' },
};
const plainFlavor = { id: "1", name: "f", vcpus: 1, ramMiB: 1, diskGiB: 1, extraSpecs: {} };

export function groupsOf(resources: Record<string, StackResource>): readonly Group[] {
  return toApplication(
    { planName: "p", stackId: "s", resources },
    {
      projectId: "demo",
      flavor: (wanted) => (wanted === "grouped" ? valetFlavor : wanted === "f" ? plainFlavor : undefined),
      group: (wanted) => known.find(({ id, name }) => id === wanted || name === wanted),
      zones: new Set(["z1", "z2"]),
    },
  ).application.groups;
}

/** Servers s1, s2 … called web1, web2 …, and what is given beside them. */
export function stack(count: number, more: Record<string, StackResource>): Record<string, StackResource> {
  const servers: [string, StackResource][] = Array.from({ length: count }, (_, at) => [
    `s${at + 1}`,
    server(`web${at + 1}`),
  ]);
  return { ...Object.fromEntries(servers), ...more };
}
export function server(name: string, properties: Record<string, unknown> = {}): StackResource {
  return { name, type: "OS::Nova::Server", properties: { flavor: "f", ...properties } };
}
export const joining = (name: string, ...groups: string[]) => server(name, { metadata: { valet: { groups } } });
export const att = (properties: Record<string, unknown>, name?: string): StackResource => ({
  ...(name === undefined ? {} : { name }),
  type: "ATT::Valet::GroupAssignment",
  properties,
});
export const os = (properties: Record<string, unknown>): StackResource => ({
  type: "OS::Valet::GroupAssignment",
  properties,
});
export const affinity = (level: string, ...resources: unknown[]) => att({ group_type: "affinity", level, resources });
export const diversity = (level: string, ...resources: unknown[]) => att({ group_type: "diversity", level, resources });
export const exclusivity = (group_name: string, level: string, ...resources: unknown[]) =>
  att({ group_type: "exclusivity", group_name, level, resources });
