import type { PodManagerAccess } from "../../../host/drivers/driver.ts";
import { redfishv2 } from "../../../host/drivers/redfishv2.ts";
import { listenSim } from "../../../host/sim/base/listen.ts";
import { PASSWORD, USERNAME } from "../../../host/sim/base/sim.ts";
import { createRedfishSim, type RedfishSimOptions } from "../../../host/sim/redfish.ts";
import { driverContract, type Stand } from "../../contracts/driver.ts";

async function open(options: RedfishSimOptions): Promise<Stand> {
  const sim = createRedfishSim(options);
  const { url, close } = await listenSim(sim.app);
  const access: PodManagerAccess = {
    url,
    username: USERNAME,
    password: PASSWORD,
    log: () => {},
    limits: { pollMs: 1 },
  };
  const managers = [redfishv2.connect(access)];
  return {
    manager: managers[0]!,
    connect(given) {
      const manager = redfishv2.connect({ ...access, ...given });
      managers.push(manager);
      return manager;
    },
    snapshot: () => sim.snapshot(),
    fault: (fault) => sim.fault(fault),
    requests: sim.requests,
    fitting: { processor: { totalCores: 16 }, memory: { capacityMib: 32_768 }, pciDevices: ["GPU"] },
    unfitting: [{ processor: { totalCores: 4096 } }, /of 4096 cores/],
    async close() {
      for (const manager of managers) await manager.close();
      sim.close();
      await close();
    },
  };
}

driverContract("redfishv2", async () => await open({ zones: 2, compute: 2, devices: 6 }), {
  offline: "Offline",
  attachable: ({ type }) => type === "SSD",
});
