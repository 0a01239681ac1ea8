// The simulated data center, `sim:RACKSxHOSTS`: parameters and shapes of the original simulator (ostro-semantics,
// section 9), names that follow the naming convention <region><r rack><c host>, zero padded.
import { AppError } from "../errors.ts";
import type { DataCenter, Flavor, Host, Rack, Resources } from "./model.ts";

const REGION = "sim01";
const RACKS_PER_CLUSTER = 4;
const HOST_CAPACITY: Resources = { vcpus: 16, ramMiB: 16_000, diskGiB: 1000 };
/** Of the original: bandwidth_of_host 10000, bandwidth_of_rack 40000 (Mbit/s). */
const NIC_KBPS = 10_000_000;
const UPLINK_KBPS = 40_000_000;
/** In each rack the first host and every fifth after it are in the aggregate. */
const AGGREGATED_RATIO = 5;
const AGGREGATE = "aggregate0";
/** The original's only aggregate. A label here: the simulated capacities are final, whatever the ratio says. */
const METADATA = { cpu_allocation_ratio: "0.5" };
const BASIC_FLAVORS = 3;
const BASE_FLAVOR: Resources = { vcpus: 1, ramMiB: 2000, diskGiB: 40 };
/** Basic flavors add 10 GB of ephemeral disk and 20 MB of swap; a started GB counts. */
const BASIC_EXTRA_DISK_GIB = 11;
const MAX_HOSTS = 100_000;

/** @throws AppError config.invalid when `name` is not `sim:RACKSxHOSTS` or too large. */
export function simulatedDataCenter(name: string): DataCenter {
  const match = /^sim:([1-9]\d{0,5})x([1-9]\d{0,5})$/.exec(name);
  if (match === null)
    throw new AppError(
      "config.invalid",
      `data center (${name}) is not sim:RACKSxHOSTS.\nGive two whole numbers from 1, for example sim:4x16.`,
    );
  const racks = Number(match[1]);
  const hostsPerRack = Number(match[2]);
  if (racks * hostsPerRack > MAX_HOSTS)
    throw new AppError(
      "config.invalid",
      `data center (${name}) has ${racks * hostsPerRack} hosts.\nAt most ${MAX_HOSTS} can be simulated.`,
    );

  const hosts: Host[] = [];
  const rackLinks: Rack[] = [];
  for (let r = 0; r < racks; r++) {
    const rack = `${REGION}r${padded(r + 1, 2, racks)}`;
    const clusters = Math.ceil(racks / RACKS_PER_CLUSTER);
    const cluster = `${REGION}cluster${padded(Math.floor(r / RACKS_PER_CLUSTER) + 1, 2, clusters)}`;
    rackLinks.push({ name: rack, uplinkKbps: UPLINK_KBPS, uplinkUsedKbps: 0 });
    for (let h = 0; h < hostsPerRack; h++)
      hosts.push({
        name: `${rack}c${padded(h + 1, 3, hostsPerRack)}`,
        rack,
        cluster,
        zone: "nova",
        aggregates: h % AGGREGATED_RATIO === 0 ? [AGGREGATE] : [],
        up: true,
        capacity: HOST_CAPACITY,
        physical: { vcpus: HOST_CAPACITY.vcpus, ramMiB: HOST_CAPACITY.ramMiB },
        used: { vcpus: 0, ramMiB: 0, diskGiB: 0 },
        nicKbps: NIC_KBPS,
        nicUsedKbps: 0,
      });
  }
  return { hosts, racks: rackLinks, aggregates: { [AGGREGATE]: METADATA }, existing: [], flavors: flavors() };
}

/** Wide enough for the largest number, so that names sort like their numbers. */
function padded(number: number, width: number, largest: number): string {
  return String(number).padStart(Math.max(width, String(largest).length), "0");
}

function flavors(): Flavor[] {
  const sized = (name: string, vcpus: number, ramMiB: number, diskGiB: number, extraSpecs = {}) => ({
    name,
    vcpus,
    ramMiB,
    diskGiB,
    extraSpecs,
  });
  const all = [
    sized("m1.tiny", 1, 512, 1),
    sized("m1.small", 1, 2048, 20),
    sized("m1.medium", 2, 4096, 40),
    sized("m1.large", 4, 8192, 80),
    sized("m1.xlarge", 8, 16_384, 160),
  ];
  const { vcpus, ramMiB, diskGiB } = BASE_FLAVOR;
  for (let f = 0; f < BASIC_FLAVORS; f++)
    all.push(sized(`bflavor${f}`, vcpus * (f + 1), ramMiB * (f + 1), diskGiB * (f + 1) + BASIC_EXTRA_DISK_GIB));
  all.push(sized("sflavor0", vcpus, ramMiB, diskGiB, METADATA));
  return all.map((flavor, i) => ({ id: String(i + 1), ...flavor }));
}
