// A data center and an application as a problem or data-center file (placement-problem/1): the inverse of problem.ts.
import { LinkLoads } from "./link-loads.ts";
import { type Application, type DataCenter, groupKey, type Host, type Resources } from "./model.ts";
import { KBPS_PER_MBPS, type ProblemFile } from "./problem-schema.ts";

/**
 * `used` takes up what the existing VMs need beyond it, so nothing is lost but their sizes. The format counts whole
 * Mbit/s: where a number of the model is none, a link gets less and a pipe more. It has no pipes to living VMs; these are
 * left out.
 */
export function toProblem(
  dataCenter: DataCenter,
  application: Application | null,
  name: string,
  seed = 1,
): ProblemFile {
  const metadata = Object.entries(dataCenter.aggregates).map(([key, value]) => [key, { metadata: { ...value } }]);
  const links = linkLoads(dataCenter);
  const clusterOf = new Map(dataCenter.hosts.map(({ rack, cluster }) => [rack, cluster]));
  return {
    format: "placement-problem/1",
    name,
    seed,
    hosts: writtenHosts(dataCenter, links),
    racks: (dataCenter.racks ?? []).map((rack) => ({
      name: rack.name,
      cluster: clusterOf.get(rack.name) ?? null,
      ...(rack.uplinkKbps !== null && { uplink_mbps: Math.floor(rack.uplinkKbps / KBPS_PER_MBPS) }),
      uplink_used_mbps: Math.ceil((rack.uplinkUsedKbps + links.uplinkKbps(rack.name)) / KBPS_PER_MBPS),
    })),
    aggregates: Object.fromEntries(metadata),
    existing: dataCenter.existing.map((vm) => ({ id: vm.id, host: vm.host, groups: [...vm.groups] })),
    flavors: dataCenter.flavors.map((flavor) => ({
      id: flavor.id,
      name: flavor.name,
      ...written(flavor),
      extra_specs: { ...flavor.extraSpecs },
    })),
    ...(application === null ? {} : { app: writtenApplication(dataCenter, application) }),
  };
}

function linkLoads({ hosts, existing }: DataCenter): LinkLoads {
  const hostNamed = new Map(hosts.map((host) => [host.name, host]));
  const hostOf = new Map<string, Host>();
  const links = new LinkLoads((id) => hostOf.get(id));
  for (const vm of existing) {
    const host = hostNamed.get(vm.host)!;
    hostOf.set(vm.id, host);
    links.add(vm, host);
  }
  return links;
}

function writtenHosts(dataCenter: DataCenter, links: LinkLoads): ProblemFile["hosts"] {
  const taken = new Map<string, { vcpus: number; ramMiB: number; diskGiB: number }>();
  for (const vm of dataCenter.existing) {
    const sum = taken.get(vm.host) ?? { vcpus: 0, ramMiB: 0, diskGiB: 0 };
    sum.vcpus += vm.need.vcpus;
    sum.ramMiB += vm.need.ramMiB;
    sum.diskGiB += vm.need.diskGiB;
    taken.set(vm.host, sum);
  }
  return dataCenter.hosts.map((host) => {
    const extra = taken.get(host.name);
    return {
      name: host.name,
      rack: host.rack,
      cluster: host.cluster,
      az: host.zone,
      aggregates: [...host.aggregates],
      ...(host.traits && { traits: [...host.traits] }),
      status: host.up ? ("up" as const) : ("down" as const),
      capacity: written(host.capacity),
      physical: { vcpus: host.physical.vcpus, mem_mb: host.physical.ramMiB },
      used: {
        vcpus: host.used.vcpus + (extra?.vcpus ?? 0),
        mem_mb: host.used.ramMiB + (extra?.ramMiB ?? 0),
        disk_gb: host.used.diskGiB + (extra?.diskGiB ?? 0),
      },
      ...(host.nicKbps != null && {
        bw_mbps: Math.floor(host.nicKbps / KBPS_PER_MBPS),
        bw_used_mbps: Math.ceil(((host.nicUsedKbps ?? 0) + links.nicKbps(host.name)) / KBPS_PER_MBPS),
      }),
    };
  });
}

function writtenApplication(dataCenter: DataCenter, application: Application): NonNullable<ProblemFile["app"]> {
  // The format knows no anonymous groups: one that would meet living VMs of the same name gets a name of its own.
  const living = new Set(dataCenter.existing.flatMap((vm) => vm.groups));
  const names = new Set([...application.vms, ...application.groups].map((each) => each.name));
  const renamed = new Map<string, string>();
  for (const group of application.groups) {
    if (group.named !== false || !living.has(groupKey(group))) continue;
    let name = group.name;
    do name += "'";
    while (names.has(name) || living.has(groupKey({ ...group, name })));
    names.add(name);
    renamed.set(group.name, name);
  }
  return {
    name: application.name,
    vms: application.vms.map((vm) => ({
      name: vm.name,
      ...written(vm),
      az: vm.zone,
      extra_specs: { ...vm.extraSpecs },
      ...(vm.candidates && { candidates: [...vm.candidates] }),
      ...(vm.excluded && { excluded: [...vm.excluded] }),
      ...(vm.fixed !== undefined && { fixed: vm.fixed }),
    })),
    pipes: (application.pipes ?? [])
      .filter(({ living }) => !living)
      .map(({ a, b, kbps }) => ({ a, b, mbps: Math.ceil(kbps / KBPS_PER_MBPS) })),
    groups: application.groups.map(({ name, type, level, members }) => ({
      name: renamed.get(name) ?? name,
      type,
      level,
      members: members.map((member) => renamed.get(member) ?? member),
    })),
  };
}

function written(need: Resources): { vcpus: number; mem_mb: number; disk_gb: number } {
  return { vcpus: need.vcpus, mem_mb: need.ramMiB, disk_gb: need.diskGiB };
}
