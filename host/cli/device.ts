import type { Command } from "commander";
import { given, hardwareCommand, type JsonRecord, segment, subcommand } from "./hardware.ts";

interface Flags {
  readonly podManager?: string;
  readonly node?: string;
  readonly type?: string;
  readonly state?: string;
}

const FIELDS = {
  UUID: "uuid",
  TYPE: "type",
  STATE: "state",
  NODE: "node_id",
  "POD MANAGER": "podm_id",
  PATH: "resource_uri",
};

/** A listing asks the hardware for all it has. */
const SYNC_SECONDS = 300;

/** `ostro device`: devices of the pools. */
export function addDevice(program: Command): void {
  const group = hardwareCommand(program, "device", "Look at the devices of the pools.");
  subcommand<Flags>(group, "list", "list the devices", async (api, _, { podManager, node, type, state }) => {
    const at = node === undefined ? {} : await api.one("GET", `/v1/nodes/${segment(node)}?cached=true`);
    const filters = {
      podm_id: podManager === undefined ? at.podm_id : await api.idOf("pod_managers", podManager),
      node_id: at.index,
      type,
      state,
    };
    api.showList(await api.list("/v1/devices", given(filters) as Record<string, string>), FIELDS);
  })
    .option("--pod-manager <id>", "only its own, by id or name")
    .option("--node <id>", "only those at this node, by id or name")
    .option("--type <type>", "SSD, NIC, GPU, …")
    .option("--state <state>", "free, allocated or error");
  subcommand(group, "show <device>", "show a device, by id", async (api, [id]) => {
    api.show(await api.one("GET", `/v1/devices/${segment(id)}`));
  });
  addSync(group, "sync [pod-manager]");
}

/** The same command of pod managers and of devices. */
export function addSync(group: Command, usage: string): void {
  subcommand(group, usage, "list the devices of a pod manager anew, or of all", async (api, [ident]) => {
    const body = ident === undefined ? {} : { podm_id: await api.idOf("pod_managers", ident) };
    const answer = await api.ask("POST", "/v1/devices/sync", body, { timeoutSeconds: SYNC_SECONDS });
    const outcomes = (Array.isArray(answer) ? answer : []) as JsonRecord[];
    api.showList(outcomes, { "POD MANAGER": "podm_id", STATUS: "status", WHY: "detail" });
    if (outcomes.some(({ status }) => status !== "SUCCESS")) process.exitCode = 1;
  });
}
