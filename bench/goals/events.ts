// What following a cloud costs: how many of its messages are applied in a second, and how much longer plans take while
// a thousand of them come each second. Plans with and without messages are made by turns, in one process.

import { setTimeout as sleep } from "node:timers/promises";
import { type FollowedCloud, fiveApart, followedCloud, moves } from "../cloud-events.ts";
import type { Figure, Goal } from "../goal.ts";

const DATA_CENTER = "sim:40x25";
const SERVERS = 1_000;
/** Twenty messages each 20 ms. */
const TICK_MS = 20;
const PER_TICK = 20;
const ROUNDS = 6;
const PLANS_A_ROUND = 40;
const CALLER = { userId: "u", projectId: "p", roles: [] };
const THROUGHPUT_TURNS = 4;

type Bodies = readonly (readonly Buffer[])[];

/** For each second of CPU time. `times`: how often each is told, once what was told before has been applied. */
async function eventsPerSecond(cloud: FollowedCloud, bodies: Bodies, times: number): Promise<number> {
  const [began, cpu] = [cloud.events.counters.applied, process.cpuUsage()];
  for (let told = 0; told < THROUGHPUT_TURNS * times; told++) {
    for (const body of bodies[Math.floor(told / times) % 2]!) cloud.receive(body);
    await cloud.settled();
  }
  const { user, system } = process.cpuUsage(cpu);
  return (cloud.events.counters.applied - began) / ((user + system) / 1e6);
}

/** Sends a thousand a second until the function that it returns is called. */
function sending(cloud: FollowedCloud, bodies: Bodies): () => void {
  let next = 0;
  const began = performance.now();
  const timer = setInterval(() => {
    // What a late timer owes is sent as well, as a broker would.
    const due = ((performance.now() - began) / TICK_MS) * PER_TICK;
    for (; next < due; next++) cloud.receive(bodies[Math.floor(next / SERVERS) % 2]![next % SERVERS]!);
  }, TICK_MS);
  return () => clearInterval(timer);
}

async function planTimes(cloud: FollowedCloud, round: string): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < PLANS_A_ROUND; i++) {
    const began = performance.now();
    const plan = await cloud.plans.create(CALLER, fiveApart(`${round}-${i}`));
    times.push(performance.now() - began);
    await cloud.plans.remove(plan!.id);
    await sleep(2);
  }
  return times;
}

function percentile(times: readonly number[], share: number): number {
  return [...times].sort((a, b) => a - b)[Math.ceil(share * times.length) - 1]!;
}

export const events: Goal = {
  name: "events",
  async measure({ progress }) {
    const database = process.env.TEST_DATABASE_URL ?? "memory:";
    const cloud = await followedCloud(DATA_CENTER, database);
    const idle: number[] = [];
    const busy: number[] = [];
    let perSecond: number;
    let repeatedPerSecond: number;
    let sent: number;
    try {
      const bodies = moves(SERVERS, [...cloud.inventory.inventory.hosts.keys()]);
      await planTimes(cloud, "warm");
      perSecond = await eventsPerSecond(cloud, bodies, 1);
      repeatedPerSecond = await eventsPerSecond(cloud, bodies, 3);
      const before = cloud.events.counters.applied + cloud.events.counters.merged;
      let seconds = 0;
      for (let round = 0; round < ROUNDS; round++) {
        progress(`plans while messages come, ${round} of ${ROUNDS}`);
        idle.push(...(await planTimes(cloud, `idle-${round}`)));
        const began = performance.now();
        const stop = sending(cloud, bodies);
        busy.push(...(await planTimes(cloud, `busy-${round}`)));
        stop();
        seconds += (performance.now() - began) / 1000;
        await cloud.settled();
      }
      sent = (cloud.events.counters.applied + cloud.events.counters.merged - before) / seconds;
    } finally {
      await cloud.close();
    }
    const store = database === "memory:" ? "embedded store" : "PostgreSQL";
    const of = `${busy.length} plans of 5 VMs on 1,000 hosts, ${store}`;
    const ratio = (what: string, share: number): Figure => ({
      what: `time of a plan while ${Math.round(sent)} messages a second come, against none, ${what}`,
      value: percentile(busy, share) / percentile(idle, share),
      unit: "x",
      basis: "measured",
      goal: null,
      remark: `${of}; ${percentile(idle, share).toFixed(1)} ms without`,
    });
    return [
      {
        what: "messages of Nova applied for each second of CPU time",
        value: perSecond,
        unit: "messages",
        basis: "measured",
        goal: { atLeast: 2_000 },
        remark: store,
      },
      {
        what: "the same when each change is told three times, as calls and both kinds of notifications do",
        value: repeatedPerSecond,
        unit: "messages",
        basis: "measured",
        goal: null,
        remark: store,
      },
      ratio("median", 0.5),
      ratio("99 %", 0.99),
    ];
  },
};
