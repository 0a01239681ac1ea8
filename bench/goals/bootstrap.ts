// How much reading a whole cloud takes beyond parsing what it answers, and how much memory.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openStore } from "../../db/client.ts";
import { CloudSession } from "../../host/openstack/cloud-session.ts";
import { CloudSource } from "../../host/services/cloud-source.ts";
import { InventoryService } from "../../host/services/inventory.ts";
import { Refresh } from "../../host/services/refresh.ts";
import { ServerService } from "../../host/services/servers.ts";
import { Topology } from "../../host/services/topology.ts";
import { CloudPages, type CloudSize, idOf, serveCloud } from "../cloud-pages.ts";
import type { Goal } from "../goal.ts";

const LARGE: CloudSize = { hosts: 10_000, servers: 200_000 };
const SMALL: CloudSize = { hosts: 1_000, servers: 20_000 };
/** As host/openstack/service-api.ts asks. */
const PAGE = 500;
/** Pages that are parsed over and over: all of them would not fit into memory as text. */
const DISTINCT = 20;
const MB = 1_000_000;

const none = { vcpus: 0, ramMiB: 0, diskGiB: 0 };

export const bootstrap: Goal = {
  name: "bootstrap",
  async measure({ progress }) {
    progress("parsing the pages alone");
    const before = parseAlone(LARGE);
    progress("reading the cloud from its pages");
    const busyMs = await readAll(LARGE, busyTime);
    // What else runs here disturbs both alike.
    const parsing = (before + parseAlone(LARGE)) / 2;
    progress("and again, collecting garbage all the time");
    const peakBytes = await readAll(LARGE, heldBytes);
    progress("reading a smaller cloud into an empty store");
    const storing = await storeAll(SMALL);
    const size = ({ hosts, servers }: CloudSize) => `${hosts} hosts and ${servers} servers`;
    return [
      {
        what: `reading ${size(LARGE)} from Nova, over parsing the same pages`,
        value: busyMs / parsing,
        unit: "x",
        basis: "measured",
        goal: null,
        remark: `this thread was busy for ${Math.round(busyMs)} ms, parsing alone takes ${Math.round(parsing)} ms`,
      },
      {
        what: `memory that reading ${size(LARGE)} takes at most, beside what is kept`,
        value: peakBytes / MB,
        unit: "MB",
        basis: "measured",
        goal: { atMost: 100 },
        remark: `a page holds ${PAGE} servers`,
      },
      {
        what: `${size(SMALL)} from Nova into an empty embedded store, over parsing the same pages`,
        value: storing.firstMs / parseAlone(SMALL),
        unit: "x",
        basis: "measured",
        goal: null,
        remark: `and ${(storing.againMs / storing.firstMs).toFixed(2)} of that when nothing has changed since`,
      },
    ];
  },
};

/** Of all hosts and servers, ms. */
function parseAlone({ hosts, servers }: CloudSize): number {
  const pages = new CloudPages({ hosts, servers });
  let ms = 0;
  for (const [path, entries] of [
    ["/compute/v2.1/os-hypervisors/detail", hosts],
    ["/compute/v2.1/servers/detail", servers],
  ] as const) {
    const texts = Array.from({ length: DISTINCT }, (_, i) => {
      const marker = i === 0 ? {} : { marker: idOf(i * PAGE - 1) };
      return pages.page(path, new URLSearchParams({ limit: String(PAGE), ...marker }), "")!;
    });
    const began = performance.now();
    for (let page = 0; page < entries / PAGE; page++) JSON.parse(texts[page % DISTINCT]!);
    ms += performance.now() - began;
  }
  return ms;
}

/** Everything the client gives, none of it kept. The server has a thread of its own. Returns what was watched meanwhile. */
async function readAll(size: CloudSize, watch: () => () => number): Promise<number> {
  const cloud = await serveCloud(size);
  const session = new CloudSession(cloud.login);
  try {
    const source = sourceOf(session);
    const watched = watch();
    const { dataCenter } = await source.facts(() => undefined);
    let servers = 0;
    for await (const { host } of source.servers()) if (host !== null) servers++;
    const value = watched();
    if (dataCenter.hosts.length !== size.hosts || servers !== size.servers) throw new Error("not all of it was read");
    return value;
  } finally {
    session.close();
    await cloud.close();
  }
}

async function storeAll(size: CloudSize): Promise<{ firstMs: number; againMs: number }> {
  const cloud = await serveCloud(size);
  const session = new CloudSession(cloud.login);
  const store = await openStore("memory:");
  const inventory = await InventoryService.open(store, null);
  const log = { info: () => {}, warn: () => {} };
  const refresh = new Refresh({
    source: sourceOf(session),
    inventory,
    servers: new ServerService({ store, inventory, pendingGraceSeconds: 600, log: () => {} }),
    fullSeconds: 86_400,
    changesSeconds: 0,
    log,
  });
  try {
    await refresh.start();
    const first = refresh.state.last!;
    const again = await refresh.now();
    if (first.servers?.added !== size.servers || again.servers?.servers !== size.servers || again.changedHosts > 0)
      throw new Error("the store does not have what the cloud has");
    return { firstMs: first.seconds * 1000, againMs: again.seconds * 1000 };
  } finally {
    refresh.close();
    session.close();
    await inventory.close();
    await store.close();
    await cloud.close();
  }
}

function sourceOf(session: CloudSession): CloudSource {
  const naming = { regionChars: 3, rackCodes: "r", nodeCodes: "c" };
  return new CloudSource(session, {
    ratios: { vcpus: 16, ramMiB: 1.5, diskGiB: 1 },
    standby: none,
    reserved: none,
    topology: new Topology({ order: ["names"], naming, rackKey: "", clusterKey: "", mapping: null }),
  });
}

/** For how long this thread did anything, ms. */
function busyTime(): () => number {
  const before = performance.eventLoopUtilization();
  return () => performance.eventLoopUtilization(before).active;
}

/** The most that is held after a collection, again and again, beyond what was held at the beginning. */
function heldBytes(): () => number {
  setFlagsFromString("--expose-gc");
  const gc: () => void = runInNewContext("gc");
  const held = () => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const base = held();
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, held() - base);
  }, 250);
  return () => {
    clearInterval(timer);
    return Math.max(most, held() - base);
  };
}
