// The check build notices when the state that rules keep is not what the placed units say.
import { describe, expect, it } from "vitest";
import {
  CLUSTER_OWNER,
  CLUSTER_VMS,
  FREE_DISK,
  FREE_NIC,
  FREE_RAM,
  FREE_VCPUS,
  HOST_OWNER,
  HOST_VMS,
  NONE,
  RACK_OWNER,
  RACK_UPLINK,
  RACK_VMS,
  RESULT_MOVES,
  RESULT_REFUSED_RULE,
} from "../../assembly/abi.ts";
import { catalogueOf } from "../../host/core/catalogue.ts";
import { encode } from "../../host/core/encode.ts";
import { Inventory } from "../../host/core/inventory.ts";
import { type CoreBuild, type CoreExports, corePath } from "../../host/core/load.ts";
import type { Group } from "../../host/core/model.ts";
import { CoreSession } from "../../host/core/session.ts";
import { simulatedDataCenter } from "../../host/core/simulated.ts";
import { Stage, sessionOf } from "../contracts/stage.ts";
import { Random } from "../support/random.ts";

/** A core with two VMs on an empty data center, neither placed. */
function begun(build: CoreBuild, groups: readonly Group[] = []): { core: CoreExports; words: () => Int32Array } {
  const inventory = new Inventory(simulatedDataCenter("sim:4x8"));
  const vms = ["a", "b"].map((name) => ({
    name,
    vcpus: 1,
    ramMiB: 1024,
    diskGiB: 10,
    zone: null,
    extraSpecs: {},
  }));
  const session = new CoreSession(corePath(build));
  const { core } = session;
  session.sync(inventory.snapshot.buffer);
  session.write(encode(inventory, { name: "app", vms, groups }));
  core.begin(1);
  return { core, words: () => new Int32Array(core.memory.buffer, 0, core.result() / 4) };
}

/** Name of the rule that drifted, null: something else did. Fails when the core does not trap. */
function driftAfterMove(core: CoreExports): string | null {
  expect(() => core.move(1, 20)).toThrow(/unreachable/);
  const rule = new Int32Array(core.memory.buffer, core.result(), RESULT_REFUSED_RULE + 1)[RESULT_REFUSED_RULE]!;
  return rule === NONE ? null : catalogueOf(core)[rule]!.name;
}

describe("the check build", () => {
  it.each([
    ["free vCPU", FREE_VCPUS, "vcpu-capacity"],
    ["free RAM", FREE_RAM, "ram-capacity"],
    ["free disk", FREE_DISK, "disk-capacity"],
    ["what is free of a NIC", FREE_NIC, "nic-capacity"],
    ["what is free of an uplink", RACK_UPLINK, "uplink-capacity"],
    ["the owner of a host", HOST_OWNER, "exclusivity"],
    ["the owner of a rack", RACK_OWNER, "exclusivity"],
    ["the owner of a cluster", CLUSTER_OWNER, "exclusivity"],
    ["the VMs of a host", HOST_VMS, null],
    ["the VMs of a rack", RACK_VMS, null],
    ["the VMs of a cluster", CLUSTER_VMS, null],
  ] as const)("traps when %s drifts", (_, column, rule) => {
    const { core, words } = begun("check");
    core.move(0, 3);
    words()[core.columnAt(column) / 4]! += 1;
    expect(driftAfterMove(core)).toBe(rule);
  });

  it.each(["affinity", "diversity"] as const)("traps when %s forgets where a group is", (type) => {
    const { core, words } = begun("check", [{ name: "g", type, level: "rack", members: ["a", "b"] }]);
    const before = words().slice();
    core.move(0, 3);
    // Only the rule turned a word from "nowhere" into rack 0.
    const rule = words().findIndex((word, i) => before[i] === NONE && word === 0);
    expect(rule).toBeGreaterThan(0);
    words()[rule] = 1;
    expect(driftAfterMove(core)).toBe(type);
  });

  it("is the only one that looks", () => {
    const { core, words } = begun("debug");
    core.move(0, 3);
    words()[core.columnAt(FREE_RAM) / 4]! += 1;
    core.move(1, 20);
  });

  it("finds nothing on 150 random problems that are built, repaired and improved", () => {
    const { core } = sessionOf("check");
    let moves = 0;
    for (let seed = 0; seed < 150; seed++) {
      new Stage("check", seed);
      core.construct(1e6);
      core.improve(120, 0);
      core.finish();
      moves += new Int32Array(core.memory.buffer, core.result(), RESULT_MOVES + 1)[RESULT_MOVES]!;
    }
    expect(moves).toBeGreaterThan(5_000);
  });

  it("finds nothing while units wander about by hand", () => {
    const random = new Random(1);
    for (let seed = 0; seed < 50; seed++) {
      const stage = new Stage("check", random.between(0, 1e6));
      stage.wander(5 * stage.units.length);
      for (const unit of stage.units) if (stage.isPlaced(unit)) stage.takeOff(unit);
    }
  });
});
