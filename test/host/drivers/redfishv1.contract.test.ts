import type { PodManagerAccess } from "../../../host/drivers/driver.ts";
import { redfishv1 } from "../../../host/drivers/redfishv1.ts";
import { listenSim } from "../../../host/sim/base/listen.ts";
import { PASSWORD, USERNAME } from "../../../host/sim/base/sim.ts";
import type { DialectName } from "../../../host/sim/podm/dialect.ts";
import { createPodmSim } from "../../../host/sim/podm.ts";
import { type DriverContractOptions, driverContract, type Stand } from "../../contracts/driver.ts";

async function open(dialect: DialectName, pciDevices: readonly string[]): Promise<Stand> {
  const sim = createPodmSim({ dialect, systems: 2, devices: 4, composed: 0, assembleMs: 0, resetMs: 0 });
  const { url, close } = await listenSim(sim.app);
  const access: PodManagerAccess = {
    url,
    username: USERNAME,
    password: PASSWORD,
    log: () => {},
    limits: { pollMs: 1 },
  };
  const managers = [redfishv1.connect(access)];
  return {
    manager: managers[0]!,
    connect(given) {
      const manager = redfishv1.connect({ ...access, ...given });
      managers.push(manager);
      return manager;
    },
    snapshot() {
      const { nextNode: _, nextVolume: __, due: ___, ...state } = sim.snapshot();
      // It assembles by itself.
      const nodes = state.nodes.map((node) => ({ ...node, state: node.state.replace("Assembling", "Assembled") }));
      return { ...state, nodes };
    },
    fault: sim.fault,
    requests: sim.requests,
    fitting: { processor: { totalCores: 8 }, memory: { capacityMib: 16_384 }, pciDevices },
    unfitting: [{ processor: { totalCores: 4096 } }, /4096 cores \(the most is \d+\)/],
    async close() {
      for (const manager of managers) await manager.close();
      sim.close();
      await close();
    },
  };
}

const dialects: readonly (readonly [DialectName, readonly string[], DriverContractOptions])[] = [
  ["1.2", [], { offline: "Offline" }],
  ["2.1", ["SSD"], { offline: "Offline", attachable: ({ type }) => type === "GPU" }],
  ["2.4", ["GPU"], { offline: "Offline", attachable: ({ type }) => type === "NIC" }],
];

// Between the oldest and the newest there is little that neither does.
const tried = process.env.CI ? dialects : dialects.filter(([dialect]) => dialect !== "2.1");

for (const [dialect, pciDevices, options] of tried)
  driverContract(`redfishv1 at API ${dialect}`, async () => await open(dialect, pciDevices), options);
