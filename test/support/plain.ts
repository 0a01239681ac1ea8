import type { Group, Host, Vm } from "../../host/core/model.ts";

/** A host that is up and empty, with room for 16 vCPU, 32 GiB and 1000 GiB, in no rack. */
export function plainHost(name: string, facts: Partial<Host> = {}): Host {
  return {
    name,
    rack: null,
    cluster: null,
    zone: null,
    aggregates: [],
    up: true,
    capacity: { vcpus: 16, ramMiB: 32768, diskGiB: 1000 },
    physical: { vcpus: 16, ramMiB: 32768 },
    used: { vcpus: 0, ramMiB: 0, diskGiB: 0 },
    ...facts,
  };
}

/** A VM of 1 vCPU, 1 GiB and 10 GiB that asks for nothing else. */
export function plainVm(name: string, wishes: Partial<Vm> = {}): Vm {
  return { name, vcpus: 1, ramMiB: 1024, diskGiB: 10, zone: null, extraSpecs: {}, ...wishes };
}

export function group(type: Group["type"], level: Group["level"], members: readonly string[], name = "g"): Group {
  return { name, type, level, members };
}
