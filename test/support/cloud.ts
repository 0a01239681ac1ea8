// News of a cloud in short.
import type { CloudChange, ServerRecord, Size } from "../../host/openstack/records.ts";

/** `c1` and the like of the test data center. */
export const size = (vcpus: number): Size => ({ vcpus, ramMiB: vcpus * 1000, diskGiB: 1 });

/** An active server of one vCPU. */
export function server(id: string, host: string | null, more: Partial<ServerRecord> = {}): ServerRecord {
  return {
    id,
    name: id,
    projectId: "demo",
    state: "active",
    host,
    size: size(1),
    alsoOn: null,
    zone: null,
    metadata: null,
    hints: null,
    at: null,
    ...more,
  };
}

export function is(id: string, host: string | null, more: Partial<ServerRecord> = {}): CloudChange {
  return { kind: "server", server: server(id, host, more) };
}

export function gone(id: string, at: number | null = null): CloudChange {
  return { kind: "server-gone", id, host: null, at };
}

export function failed(id: string, host: string | null, at: number | null = null): CloudChange {
  return { kind: "build-failed", id, host, at };
}
