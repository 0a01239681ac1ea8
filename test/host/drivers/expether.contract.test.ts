import type { PodManagerAccess } from "../../../host/drivers/driver.ts";
import { expether } from "../../../host/drivers/expether.ts";
import { listenSim } from "../../../host/sim/base/listen.ts";
import { createEemSim, EEM_PATH } from "../../../host/sim/eem.ts";
import { driverContract } from "../../contracts/driver.ts";

driverContract(
  "expether",
  async () => {
    const sim = createEemSim();
    const { url, close } = await listenSim(sim.app);
    const access: PodManagerAccess = {
      url: url + EEM_PATH,
      username: "admin",
      password: "Passw0rd",
      log: () => {},
      limits: { pollMs: 4 },
    };
    const managers = [expether.connect(access)];
    return {
      manager: managers[0]!,
      connect(other) {
        const manager = expether.connect({ ...access, ...other });
        managers.push(manager);
        return manager;
      },
      snapshot: sim.snapshot,
      fault: sim.fault,
      requests: sim.requests,
      fitting: { pciDevices: ["NIC", "SSD"] },
      unfitting: [{ pciDevices: ["NIC", "Quantum"] }, /Quantum/],
      async close() {
        await Promise.all(managers.map((manager) => manager.close()));
        await close();
      },
    };
  },
  { offline: "rejects", attachable: ({ type }) => type === "GPU" },
);
