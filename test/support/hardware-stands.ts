// Each driver with a simulator of its hardware, small and quick.
import type { DeviceFacts, Driver, PodManagerAccess, Requirements } from "../../host/drivers/driver.ts";
import { expether } from "../../host/drivers/expether.ts";
import { redfishv1 } from "../../host/drivers/redfishv1.ts";
import { redfishv2 } from "../../host/drivers/redfishv2.ts";
import { listenSim } from "../../host/sim/base/listen.ts";
import { PASSWORD, USERNAME } from "../../host/sim/base/sim.ts";
import { createEemSim, EEM_PATH } from "../../host/sim/eem.ts";
import { createPodmSim } from "../../host/sim/podm.ts";
import { createRedfishSim } from "../../host/sim/redfish.ts";

export interface HardwareStand {
  readonly access: Omit<PodManagerAccess, "log">;
  /** All that the hardware is: the same before anything was composed and after it was released. */
  snapshot(): unknown;
  close(): Promise<void>;
}

export interface StandKind {
  readonly driver: Driver;
  open(): Promise<HardwareStand>;
  /** Served twice, with a device each time. */
  readonly fitting: Requirements;
  /** Can be attached to such a node. */
  readonly attachable: (device: DeviceFacts) => boolean;
}

const COMMON = { username: USERNAME, password: PASSWORD, limits: { pollMs: 2 } };

export const STANDS: readonly StandKind[] = [
  {
    driver: redfishv1,
    fitting: { pciDevices: ["SSD"] },
    attachable: ({ type }) => type === "SSD",
    async open() {
      const sim = createPodmSim({ systems: 4, devices: 12, assembleMs: 5 });
      const { url, close } = await listenSim(sim.app);
      return {
        access: { ...COMMON, url },
        // Numbers that only grow are no hardware.
        snapshot: () => ({ ...sim.snapshot(), nextNode: 0, nextVolume: 0, due: [] }),
        async close() {
          sim.close();
          await close();
        },
      };
    },
  },
  {
    driver: redfishv2,
    fitting: { processor: { totalCores: 16 }, pciDevices: ["GPU"] },
    attachable: ({ type }) => type === "SSD",
    async open() {
      const sim = createRedfishSim({ zones: 1, compute: 4, devices: 12 });
      const { url, close } = await listenSim(sim.app);
      return {
        access: { ...COMMON, url },
        snapshot: () => sim.snapshot(),
        async close() {
          sim.close();
          await close();
        },
      };
    },
  },
  {
    driver: expether,
    fitting: { pciDevices: ["NIC"] },
    attachable: ({ type }) => type === "GPU",
    async open() {
      const sim = createEemSim();
      const { url, close } = await listenSim(sim.app);
      return { access: { ...COMMON, url: url + EEM_PATH }, snapshot: () => sim.snapshot(), close };
    },
  },
];
