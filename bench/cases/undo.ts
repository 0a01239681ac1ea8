// One VM onto a host and off again: what the search does most.

import { NONE } from "../../assembly/abi.ts";
import { encode } from "../../host/core/encode.ts";
import { CoreSession } from "../../host/core/session.ts";
import { type BenchCase, defineCase, ensure } from "../case.ts";
import { applicationOf, sharedInventory } from "../problems.ts";

const VMS = 100;
const EVERY_ROW = 0xffff;

async function setup(hosts: number) {
  const inventory = await sharedInventory(hosts);
  const session = new CoreSession();
  const { core } = session;
  session.sync(inventory.snapshot.buffer);
  session.write(encode(inventory, await applicationOf(VMS)));
  core.begin(1);
  const { blocks } = inventory.snapshot.size;
  const pairs: [vm: number, row: number][] = [];
  for (let vm = 0; vm < VMS; vm++) {
    for (let block = vm % blocks; block < blocks; block += 7) {
      const rows = core.filterAll(vm, block, EVERY_ROW);
      if (rows !== 0) pairs.push([vm, block * 16 + 31 - Math.clz32(rows & -rows)]);
    }
  }
  const columns = () => new Int32Array(core.memory.buffer, core.columnAt(0), core.inventoryBytes() / 4);
  // Of the loop as little as possible is to be measured: the search runs no JavaScript.
  return { core, pairs, flat: Int32Array.from(pairs.flat()), columns, before: columns().slice() };
}

export const undo: readonly BenchCase[] = [
  defineCase({
    name: "undo/1000-hosts",
    labels: ["short"],
    setup: (scale) => setup(scale === "small" ? 200 : 1000),
    run: ({ core, flat }) => {
      for (let i = 0; i < flat.length; i += 2) {
        core.move(flat[i]!, flat[i + 1]!);
        core.move(flat[i]!, NONE);
      }
    },
    check: ({ core, pairs, columns, before }) => {
      const same = () => columns().every((cell, at) => cell === before[at]);
      ensure(same(), "a placement that was undone left traces in the columns");
      const [vm, row] = pairs[0]!;
      core.move(vm, row);
      ensure(!same(), "a placement changed nothing");
      core.move(vm, NONE);
    },
    per: ({ pairs }) => ({ count: pairs.length, unit: "placement" }),
  }),
];
