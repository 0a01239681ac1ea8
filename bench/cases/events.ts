// Messages of Nova from bytes to the store: read, merged, committed in batches, and in the inventory.

import { type BenchCase, defineCase, ensure } from "../case.ts";
import { type FollowedCloud, followedCloud, moves } from "../cloud-events.ts";

interface State {
  readonly cloud: FollowedCloud;
  readonly turns: readonly (readonly Buffer[])[];
  turn: number;
}

async function setup(dataCenter: string, servers: number): Promise<State> {
  const cloud = await followedCloud(dataCenter, "memory:");
  return { cloud, turns: moves(servers, [...cloud.inventory.inventory.hosts.keys()]), turn: 0 };
}

export const events: readonly BenchCase[] = [
  defineCase({
    name: "events/1000-hosts/1000-moves",
    labels: ["short"],
    setup: (scale) => (scale === "small" ? setup("sim:2x8", 32) : setup("sim:40x25", 1_000)),
    async run(state) {
      const { cloud, turns } = state;
      for (const body of turns[state.turn++ % turns.length]!) cloud.receive(body);
      await cloud.settled();
      return cloud.events.counters;
    },
    check: ({ cloud, turns, turn }, { dropped, failed, merged, applied }) => {
      const [servers] = turns;
      ensure(dropped + failed + merged === 0, "changes were lost or merged");
      ensure(applied === turn * servers!.length, `${applied} of ${turn * servers!.length} changes were applied`);
      ensure(cloud.inventory.inventory.vmCount === servers!.length, "the inventory has other servers");
    },
    per: ({ turns }) => ({ count: turns[0]!.length, unit: "message" }),
    close: ({ cloud }) => cloud.close(),
  }),
];
