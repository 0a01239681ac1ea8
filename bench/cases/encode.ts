// An application in names -> the request words of the core.

import { encode } from "../../host/core/encode.ts";
import { type BenchCase, defineCase, ensure } from "../case.ts";
import { applicationOf, hashOf, sharedInventory } from "../problems.ts";
import { VMS } from "./plan.ts";

export const encoding: readonly BenchCase[] = VMS.map((vms) =>
  defineCase({
    name: `encode/10000-hosts/${vms}-vms`,
    labels: vms === 5 ? ["short"] : [],
    setup: async (scale) => ({
      inventory: await sharedInventory(scale === "small" ? 200 : 10_000),
      application: await applicationOf(vms),
    }),
    run: ({ inventory, application }) => encode(inventory, application),
    check: ({ application }, words) => {
      ensure(words[0] === application.vms.length, `the request names ${words[0]} VMs, not ${vms}`);
    },
    gate: (_state, words) => ({ words: words.length, request: hashOf([...words]) }),
  }),
);
