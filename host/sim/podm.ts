import { z } from "zod";
import { createRedfish, type Redfish, type RedfishOptions } from "./base/redfish.ts";
import { link } from "./base/resources.ts";
import { StateFile } from "./base/state-file.ts";
import { addChassis } from "./podm/chassis.ts";
import { type DialectName, dialectOf } from "./podm/dialect.ts";
import { addFabrics } from "./podm/fabrics.ts";
import { type Hardware, hardwareOf, uuidOf } from "./podm/hardware.ts";
import { Machine } from "./podm/machine.ts";
import { addNodes } from "./podm/nodes.ts";
import { PATHS } from "./podm/paths.ts";
import { firstState, type PodmState } from "./podm/state.ts";
import { addStorageService } from "./podm/storage.ts";
import { addSystems } from "./podm/systems.ts";

export interface PodmOptions extends RedfishOptions {
  /** Default 2.4. */
  readonly dialect?: DialectName;
  /** Default 48: the original simulator's topology. */
  readonly systems?: number;
  /** Pooled drives, NICs, GPUs and FPGAs; default 24. */
  readonly devices?: number;
  /** Nodes that are composed already, over the last systems; default 6 of the original topology, else 0. */
  readonly composed?: number;
  /** From the order to assemble until a node is assembled; default 2000. */
  readonly assembleMs?: number;
  /** Until a reset has taken effect; default 1000. */
  readonly resetMs?: number;
  /** Keeps what was done over restarts. */
  readonly stateFile?: string;
}

/** A simulated pod manager; its `app` answers requests. */
export interface PodmSim extends Redfish {
  readonly hardware: Hardware;
  readonly machine: Machine;
  /** Copy of all that changes, to be compared. */
  snapshot(): PodmState;
}

/** Intel's pod manager (RSD) with hardware that does not exist. Throws file.invalid for a state file it cannot use. */
export function createPodmSim(options: PodmOptions = {}): PodmSim {
  const { dialect: name = "2.4", systems = 48, devices = 24, seed = 1, stateFile } = options;
  const { composed = systems === 48 ? 6 : 0, assembleMs = 2_000, resetMs = 1_000 } = options;
  const dialect = dialectOf(name);
  const redfish = createRedfish({
    etags: dialect.etags ? "checked" : "none",
    sessions: dialect.sessions,
    eventStream: dialect.eventStream,
    ...options,
  });
  const hardware = hardwareOf({ systems, devices, seed });
  const file =
    stateFile === undefined
      ? null
      : new StateFile<PodmState>(stateFile, `podm ${name}, ${systems} systems, ${devices} devices, seed ${seed}`);
  const first = hardware.systems.slice(-composed || hardware.systems.length).map(({ id }) => id);
  const machine: Machine = new Machine({
    hardware,
    state: file?.load() ?? firstState(first),
    dialect,
    clock: redfish.clock,
    assembleMs,
    resetMs,
    emit: (event) => redfish.events.emit(event),
    happened: () => save(),
  });
  const save = () => file?.save(machine.state);
  redfish.onWritten(save);

  const { resources } = redfish;
  resources.add(PATHS.root, { get: () => rootFacts(machine, redfish) });
  addChassis(resources, machine);
  addSystems(resources, machine);
  addNodes(resources, machine);
  addStorageService(resources, machine);
  if (dialect.attach !== "none") addFabrics(resources, machine);
  addOrders(redfish, machine, save);
  return {
    ...redfish,
    hardware,
    machine,
    snapshot: () => structuredClone(machine.state),
    close() {
      machine.stop();
      redfish.close();
    },
  };
}

const orders = z.strictObject({
  /** So many assemblies from now end as Failed. */
  failAssembly: z.int().min(1).max(1_000).optional(),
  /** Path of a system or device that goes away. */
  down: z.string().optional(),
  /** … and comes back. */
  up: z.string().optional(),
});

/** What people do to the hardware behind the pod manager's back: `PUT /sim/hardware`, on loopback only. */
function addOrders({ app }: Redfish, machine: Machine, save: () => void): void {
  app.put("/sim/hardware", async (context) => {
    const read = orders.safeParse(await context.req.json().catch(() => null));
    if (!read.success) return context.json({ error: read.error.issues[0]?.message }, 400);
    const { failAssembly, down, up } = read.data;
    const unknown = [down, up].find((path) => path !== undefined && !machine.isThere(path));
    if (unknown !== undefined) return context.json({ error: `there is no system or device at ${unknown}` }, 404);
    if (failAssembly !== undefined) machine.failAssembly(failAssembly);
    if (down !== undefined) machine.setDown(down, true);
    if (up !== undefined) machine.setDown(up, false);
    save();
    return context.body(null, 204);
  });
}

function rootFacts(machine: Machine, redfish: Redfish) {
  const { dialect } = machine;
  return {
    "@odata.id": "/redfish/v1/",
    "@odata.type": "#ServiceRoot.v1_1_1.ServiceRoot",
    "@odata.context": "/redfish/v1/$metadata#ServiceRoot.ServiceRoot",
    Id: "RootService",
    Name: "Root Service",
    RedfishVersion: "1.1.0",
    UUID: uuidOf("PODM"),
    Systems: link(PATHS.systems),
    Chassis: link(PATHS.chassis),
    Managers: link(PATHS.managers),
    Nodes: link(PATHS.nodes),
    ...(dialect.volumes ? { StorageServices: link(PATHS.storageServices) } : { Services: link(PATHS.services) }),
    ...(dialect.attach === "none" ? {} : { Fabrics: link(PATHS.fabrics) }),
    ...(redfish.resources.rules.expand
      ? {
          ProtocolFeaturesSupported: {
            ExpandQuery: { ExpandAll: true, NoLinks: true, Levels: false, Links: false, MaxLevels: 1 },
          },
        }
      : {}),
    ...redfish.rootLinks,
    Oem: { [dialect.oem]: { "@odata.type": "#Intel.Oem.ServiceRoot", ApiVersion: `${dialect.name}.0` } },
  };
}
