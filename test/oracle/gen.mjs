// Makes problems in the format placement-problem/1: the same sizes and seed make the same bytes. Plain Node.
//   node gen.mjs HOSTS VMS SEED [--load 0.6] [--rack 16-40] [--clusters K] [--pipes PER_VM] > problem.json
// As a module: import { generate } from "./gen.mjs"
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

const HOST_TYPES = [
  [64, 262144, 2000],
  [96, 393216, 4000],
  [128, 1048576, 8000],
];
const FLAVORS = [
  [1, 2048, 20],
  [2, 4096, 40],
  [4, 8192, 80],
  [8, 16384, 160],
  [16, 65536, 320],
];
const FLAVOR_SHARES = [0.15, 0.3, 0.3, 0.18, 0.07];

/** One problem. `load` is how full the hosts are on average, `rack` the range of hosts in a rack. */
export function generate(hostCount, vmCount, seed, options = {}) {
  const { load = 0.6, rack = "16-40", clusters = 0, pipes: pipesPerVm = 0 } = options;
  const [rackMin, rackMax] = rack.split("-").map(Number);

  let state = (seed * 2654435761 + hostCount * 97 + vmCount) >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const between = (low, high) => low + Math.floor(random() * (high - low + 1));
  const pick = (list) => list[Math.floor(random() * list.length)];
  const flavor = () => {
    let u = random();
    let i = 0;
    while (i < 4 && u > FLAVOR_SHARES[i]) {
      u -= FLAVOR_SHARES[i];
      i++;
    }
    return FLAVORS[i];
  };

  const hosts = [];
  const racks = [];
  const existing = [];
  let leftInRack = 0;
  let type;
  for (let i = 0; i < hostCount; i++) {
    if (leftInRack === 0) {
      leftInRack = Math.min(between(rackMin, rackMax), hostCount - i);
      type = pick(HOST_TYPES);
      const cluster = clusters ? `c${racks.length % clusters}` : null;
      racks.push({ name: `r${racks.length}`, cluster, uplink_mbps: 100000, uplink_used_mbps: 0 });
    }
    leftInRack--;
    const home = racks[racks.length - 1];
    const host = {
      name: `h${i}`,
      rack: home.name,
      cluster: home.cluster,
      az: `az${(racks.length - 1) % 3}`,
      aggregates: [],
      status: random() < 0.01 ? "down" : "up",
      capacity: { vcpus: type[0], mem_mb: type[1], disk_gb: type[2] },
      used: { vcpus: 0, mem_mb: 0, disk_gb: 0 },
      bw_mbps: 25000,
      bw_used_mbps: 0,
    };
    if (random() < 0.3) host.aggregates.push("ssd");
    if (random() < 0.2) host.aggregates.push("dpdk");
    const u = random();
    const target = u < 0.12 ? 0 : Math.min(0.97, load * (0.45 + 1.1 * random())) * 1.12;
    if (target > 0) {
      const exclusive = random() < 0.02 ? [`host:EX:tenant${i}`] : [];
      for (let tries = 0; tries < 400; tries++) {
        const [vcpus, memMb, diskGb] = flavor();
        const { capacity, used } = host;
        if ((used.vcpus + vcpus) / capacity.vcpus > target) break;
        if (used.mem_mb + memMb > capacity.mem_mb || used.disk_gb + diskGb > capacity.disk_gb) break;
        used.vcpus += vcpus;
        used.mem_mb += memMb;
        used.disk_gb += diskGb;
        const groups = [...exclusive];
        if (random() < 0.03) groups.push(`host:DIV:olddiv${between(0, Math.max(3, hostCount >> 4))}`);
        existing.push({ id: `e${existing.length}`, host: host.name, groups });
      }
    }
    hosts.push(host);
  }
  // An old diversity group must be valid: at most one of its VMs on a host.
  const seen = new Set();
  for (const vm of existing) {
    vm.groups = vm.groups.filter((key) => {
      if (!key.includes(":DIV:")) return true;
      const place = `${key}@${vm.host}`;
      if (seen.has(place)) return false;
      seen.add(place);
      return true;
    });
  }

  const vms = [];
  const groups = [];
  const vm = (zone, extraSpecs) => {
    const [vcpus, memMb, diskGb] = flavor();
    const name = `v${vms.length}`;
    vms.push({ name, vcpus, mem_mb: memMb, disk_gb: diskGb, az: zone ?? null, extra_specs: extraSpecs ?? {} });
    return name;
  };
  const group = (type, level, members) => {
    const name = `g${groups.length}`;
    groups.push({ name, type, level, members });
    return name;
  };
  const several = (n, make) => Array.from({ length: n }, make);

  let exclusivities = 0;
  for (let kind = 0; vms.length < vmCount; kind = (kind + 1) % 5) {
    const rest = vmCount - vms.length;
    if (kind === 0 && rest >= 3) {
      // rack diversity over pairs of host affinity
      const n = Math.min(Math.floor(rest / 2), between(2, Math.min(4, racks.length)));
      if (n < 2) vm();
      else
        group(
          "diversity",
          "rack",
          several(n, () => group("affinity", "host", [vm(), vm()])),
        );
    } else if (kind === 1 && rest >= 2) {
      const n = Math.min(rest, between(2, 6));
      const zone = random() < 0.3 ? `az${between(0, 2)}` : null;
      group(
        "diversity",
        "host",
        several(n, () => vm(zone)),
      );
    } else if (kind === 2 && rest >= 3 && vmCount >= 20) {
      // rack affinity holding a host diversity and a plain VM
      const n = Math.min(rest - 1, between(2, 4));
      const apart = group(
        "diversity",
        "host",
        several(n, () => vm()),
      );
      group("affinity", "rack", [apart, vm()]);
    } else if (kind === 3 && rest >= 2 && vmCount >= 20 && exclusivities < Math.max(1, vmCount / 60)) {
      exclusivities++;
      const n = Math.min(rest, between(2, 4));
      group(
        "exclusivity",
        "host",
        several(n, () => vm()),
      );
    } else {
      const n = Math.min(rest, between(1, 4));
      for (let i = 0; i < n; i++) vm(null, random() < 0.15 ? { ssd: "true" } : undefined);
    }
  }

  const pipes = [];
  const pipeCount = Math.round(pipesPerVm * vmCount);
  for (let i = 0; i < pipeCount; i++) {
    const a = between(0, vmCount - 1);
    const b = (a + 1 + (random() < 0.7 ? 0 : between(0, vmCount - 2))) % vmCount;
    if (a !== b) pipes.push({ a: vms[a].name, b: vms[b].name, mbps: pick([100, 200, 500, 1000, 2000]) });
  }
  return {
    format: "placement-problem/1",
    name: `h${hostCount}-v${vmCount}-s${seed}`,
    seed,
    hosts,
    racks,
    aggregates: { ssd: { metadata: { ssd: "true" } }, dpdk: { metadata: { dpdk: "true" } } },
    existing,
    app: { name: "app", vms, volumes: [], pipes, groups },
  };
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [hosts, vms, seed] = process.argv.slice(2, 5).map(Number);
  const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? otherwise : process.argv[at + 1];
  };
  const options = {
    load: Number(option("load", "0.6")),
    rack: option("rack", "16-40"),
    clusters: Number(option("clusters", "0")),
    pipes: Number(option("pipes", "0")),
  };
  process.stdout.write(JSON.stringify(generate(hosts, vms, seed, options)));
}
