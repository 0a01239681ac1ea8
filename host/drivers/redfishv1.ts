// Pod managers of Intel's Rack Scale Design, API 1.2 to 2.4 and later. Contract: drivers, section 1.

import type { Driver, PodManagerAccess } from "./driver.ts";
import { RsdPodManager } from "./redfishv1/pod-manager.ts";

export const redfishv1: Driver = {
  name: "redfishv1",
  connect: (access: PodManagerAccess) => new RsdPodManager(access),
};
