import { describe, expect, it } from "vitest";
import * as abi from "../../../assembly/abi.ts";
import { encode } from "../../../host/core/encode.ts";
import { Inventory } from "../../../host/core/inventory.ts";
import type { Application, ExistingVm, Group, Pipe, Vm } from "../../../host/core/model.ts";
import { group, plainHost, plainVm } from "../../support/plain.ts";

const NOTHING = { vcpus: 0, ramMiB: 0, diskGiB: 0 };

function inventoryWith(existing: readonly ExistingVm[] = []): Inventory {
  return new Inventory({
    hosts: [
      plainHost("h0", { rack: "r0", cluster: "c0", zone: "z0", aggregates: ["ssd"] }),
      plainHost("h1", { rack: "r0", cluster: "c0", zone: "z1", aggregates: ["gpu", "ssd"] }),
      plainHost("h2", { rack: "r1", cluster: "c0" }),
      plainHost("h3", { rack: "r1", cluster: "c0", up: false }),
    ],
    aggregates: { ssd: { ssd: "true" }, gpu: { gpu: "4" } },
    existing,
  });
}

const existing = (id: string, host: string, ...groups: string[]): ExistingVm => ({ id, host, groups, need: NOTHING });

/** The words of a request, read back. */
class Words {
  readonly #words: Int32Array;

  constructor(inventory: Inventory, vms: readonly Vm[], groups: readonly Group[] = [], without: string[] = []) {
    const application: Application = { name: "app", vms, groups };
    this.#words = encode(inventory, application, without);
  }

  header(word: number): number {
    return this.#words[word]!;
  }

  vm(vm: number, word: number): number {
    return this.#words[this.header(abi.REQUEST_VM_TABLE) + vm * abi.VM_WORDS + word]!;
  }

  owners(vm: number): number[] {
    return [0, 1, 2].map((level) => this.vm(vm, abi.VM_OWNERS + level));
  }

  group(group: number, word: number): number {
    return this.#words[this.header(abi.REQUEST_GROUP_TABLE) + group * abi.GROUP_WORDS + word]!;
  }

  members(group: number): number[] {
    return this.list(this.group(group, abi.GROUP_MEMBERS), 2 * this.group(group, abi.GROUP_MEMBER_COUNT));
  }

  living(group: number): number[] {
    return this.list(this.group(group, abi.GROUP_LIVING), this.group(group, abi.GROUP_LIVING_COUNT));
  }

  list(at: number, count: number): number[] {
    return [...this.#words.subarray(at, at + count)];
  }

  specs(row: number): number[] {
    const sets = this.header(abi.REQUEST_AGGREGATE_SETS);
    return this.list(this.header(abi.REQUEST_SPEC_TABLE) + row * sets, sets);
  }
}

describe("a VM in a request", () => {
  it("has its needs, and NONE where it asks for nothing", () => {
    const words = new Words(inventoryWith(), [plainVm("a", { vcpus: 2, ramMiB: 3, diskGiB: 4 })]);
    expect([abi.VM_VCPUS, abi.VM_RAM, abi.VM_DISK].map((word) => words.vm(0, word))).toEqual([2, 3, 4]);
    for (const word of [abi.VM_ZONE, abi.VM_SPECS, abi.VM_CANDIDATE_COUNT]) expect(words.vm(0, word)).toBe(abi.NONE);
    expect([words.vm(0, abi.VM_EXCLUDED_COUNT), words.vm(0, abi.VM_FIXED)]).toEqual([0, 0]);
    expect(words.owners(0)).toEqual([0, 0, 0]);
    expect(words.header(abi.REQUEST_VMS)).toBe(1);
    expect(words.header(abi.REQUEST_PATCHES)).toBe(0);
  });

  it("has its zone as a number, one that no host has if the zone is unknown", () => {
    const inventory = inventoryWith();
    const words = new Words(inventory, [plainVm("a", { zone: "z1" }), plainVm("b", { zone: "elsewhere" })]);
    expect(words.vm(0, abi.VM_ZONE)).toBe(inventory.zoneNumber("z1"));
    expect(words.vm(1, abi.VM_ZONE)).toBeLessThan(abi.NONE);
  });

  it("has ascending rows of known hosts as candidates and excluded hosts, each once", () => {
    const inventory = inventoryWith();
    const names = ["h2", "nowhere", "h0", "h2"];
    const words = new Words(inventory, [plainVm("a", { candidates: names, excluded: names })]);
    const rows = [inventory.rowOf("h0")!, inventory.rowOf("h2")!];
    expect(words.list(words.vm(0, abi.VM_CANDIDATES), words.vm(0, abi.VM_CANDIDATE_COUNT))).toEqual(rows);
    expect(words.list(words.vm(0, abi.VM_EXCLUDED), words.vm(0, abi.VM_EXCLUDED_COUNT))).toEqual(rows);
  });

  it("has no candidate at all when it brings an empty list or unknown names only", () => {
    const words = new Words(inventoryWith(), [
      plainVm("a", { candidates: [] }),
      plainVm("b", { candidates: ["nowhere"] }),
    ]);
    expect([0, 1].map((vm) => words.vm(vm, abi.VM_CANDIDATE_COUNT))).toEqual([0, 0]);
  });

  it("is fixed to a row, one that no host has if the host is unknown", () => {
    const inventory = inventoryWith();
    const words = new Words(inventory, [plainVm("a", { fixed: "h2" }), plainVm("b", { fixed: "nowhere" })]);
    expect([0, 1].map((vm) => words.vm(vm, abi.VM_FIXED))).toEqual([1, 1]);
    expect(words.vm(0, abi.VM_FIXED_ROW)).toBe(inventory.rowOf("h2"));
    expect(words.vm(1, abi.VM_FIXED_ROW)).toBeLessThan(0);
  });

  it("shares a row of the spec table with VMs of equal specs; specs that concern no aggregate have none", () => {
    const inventory = inventoryWith();
    const words = new Words(inventory, [
      plainVm("a", { extraSpecs: { ssd: "true" } }),
      plainVm("b", { extraSpecs: { ssd: "true", "hw:cpu_policy": "dedicated" } }),
      plainVm("c", { extraSpecs: { gpu: "= 2" } }),
      plainVm("d", { extraSpecs: { ssd: "true", gpu: "4" } }),
      plainVm("e", { extraSpecs: { "hw:cpu_policy": "dedicated", valet: "group" } }),
    ]);
    expect([0, 1, 2, 3, 4].map((vm) => words.vm(vm, abi.VM_SPECS))).toEqual([0, 0, 1, 2, abi.NONE]);
    const sets = inventory.specSets().map(({ aggregates }) => aggregates.join("+"));
    const fitting = (row: number) => sets.filter((_, set) => words.specs(row)[set] === abi.SPECS_FIT_AGGREGATE);
    expect(fitting(0).sort()).toEqual(["gpu+ssd", "ssd"]);
    expect(fitting(1)).toEqual(["gpu+ssd"]);
    // One aggregate must satisfy all keys.
    expect(fitting(2)).toEqual([]);
  });

  it("says for each set of aggregates and traits what of it satisfies the specs", () => {
    const inventory = new Inventory({
      hosts: [
        plainHost("both", { aggregates: ["ssd"], traits: ["AVX", "TPM"] }),
        plainHost("traits", { traits: ["TPM", "AVX"] }),
        plainHost("aggregate", { aggregates: ["ssd"], traits: ["AVX"] }),
        plainHost("neither", { traits: [] }),
        plainHost("unknown"),
        plainHost("same", { traits: ["AVX", "TPM", "TPM"] }),
      ],
      aggregates: { ssd: { ssd: "true" } },
      existing: [],
    });
    const words = new Words(inventory, [
      plainVm("a", { extraSpecs: { ssd: "true", "trait:TPM": "required" } }),
      plainVm("b", { extraSpecs: { "trait:TPM": "forbidden" } }),
      plainVm("c", { extraSpecs: { "trait:TPM": "maybe" } }),
      plainVm("d", { extraSpecs: { "trait1:TPM": "required", ssd: "true" } }),
    ]);
    expect([0, 1, 2, 3].map((vm) => words.vm(vm, abi.VM_SPECS))).toEqual([0, 1, abi.NONE, 0]);
    expect(inventory.specSets()).toHaveLength(5);
    const [fit, lack] = [abi.SPECS_FIT_AGGREGATE, abi.SPECS_LACK_TRAITS];
    expect(words.specs(0)).toEqual([fit, 0, fit | lack, lack, 0]);
    expect(words.specs(1)).toEqual([fit | lack, fit | lack, fit, fit, fit]);
  });
});

describe("a group in a request", () => {
  const vms = ["a", "b", "c", "d"].map((name) => plainVm(name));

  it("is the VMs below it, each once, with the ordinal of the direct member", () => {
    const words = new Words(inventoryWith(), vms, [
      group("affinity", "host", ["b", "a"], "inner"),
      group("diversity", "rack", ["d", "inner", "d", "unknown", "empty"], "outer"),
      group("affinity", "host", [], "empty"),
    ]);
    // A group without a VM is no group.
    expect(words.header(abi.REQUEST_GROUPS)).toBe(2);
    expect([words.group(0, abi.GROUP_KIND), words.group(0, abi.GROUP_LEVEL)]).toEqual([abi.KIND_AFFINITY, 0]);
    expect(words.members(0)).toEqual([1, 0, 0, 0]);
    expect([words.group(1, abi.GROUP_KIND), words.group(1, abi.GROUP_LEVEL)]).toEqual([abi.KIND_DIVERSITY, 1]);
    expect(words.members(1)).toEqual([3, 0, 0, 1, 1, 1]);
    expect(words.group(1, abi.GROUP_ORDINALS)).toBe(2);
  });

  it("that contains itself ends", () => {
    const words = new Words(inventoryWith(), vms, [
      group("affinity", "rack", ["a", "y"], "x"),
      group("affinity", "rack", ["b", "x"], "y"),
    ]);
    const below = [0, 1].map((each) => words.members(each).filter((_, i) => i % 2 === 0));
    expect(below.map((list) => [...new Set(list)].sort())).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it("has the rows where it lives on hosts that are up, unless it is known in this request only", () => {
    const inventory = inventoryWith([
      existing("e0", "h1", "host:DIV:g", "rack:AFF:g"),
      existing("e1", "h3", "host:DIV:g", "rack:AFF:g"),
      existing("e2", "h0", "host:AFF:g", "host:DIV:other"),
    ]);
    const rack = inventory.rowOf("h0")! >> abi.BLOCK_SHIFT;
    const words = new Words(inventory, vms, [
      group("diversity", "host", ["a", "b"]),
      group("affinity", "rack", ["a"]),
      { ...group("diversity", "host", ["c", "d"]), named: false },
    ]);
    expect(words.living(0)).toEqual([inventory.rowOf("h1")]);
    expect(words.living(1)).toEqual([rack]);
    expect(words.living(2)).toEqual([]);
    // e0 thought away, the group lives nowhere.
    expect(new Words(inventory, vms, [group("diversity", "host", ["a", "b"])], ["e0"]).living(0)).toEqual([]);
  });
});

describe("exclusivity in a request", () => {
  const vms = ["a", "b", "c", "d"].map((name) => plainVm(name));

  it("is one number for each set of groups of a level", () => {
    const words = new Words(inventoryWith(), vms, [
      group("exclusivity", "host", ["a", "b"], "x"),
      group("exclusivity", "host", ["b", "c"], "y"),
      group("exclusivity", "cluster", ["a", "b", "c", "d"], "z"),
    ]);
    const host = [0, 1, 2, 3].map((vm) => words.owners(vm)[0]!);
    expect(new Set(host).size).toBe(4);
    expect(host[3]).toBe(abi.OWNER_NONE);
    expect(host.slice(0, 3).every((owner) => owner >= words.header(abi.REQUEST_FRESH_OWNER))).toBe(true);
    expect([0, 1, 2, 3].map((vm) => words.owners(vm)[1])).toEqual([0, 0, 0, 0]);
    expect(new Set([0, 1, 2, 3].map((vm) => words.owners(vm)[2])).size).toBe(1);
  });

  it("is the number of a container where VMs of the same set live, in whatever order they name their groups", () => {
    const inventory = inventoryWith([
      existing("e0", "h0", "host:EX:y", "host:EX:x"),
      existing("e1", "h1", "host:EX:x"),
      existing("e2", "h2"),
    ]);
    const ownerOf = (host: string) =>
      inventory.snapshot.read(inventory.snapshot.cell(abi.HOST_OWNER, inventory.rowOf(host)!));
    const groups = [group("exclusivity", "host", ["a", "b"], "x"), group("exclusivity", "host", ["a"], "y")];
    const words = new Words(inventory, vms, groups);
    expect([0, 1, 2].map((vm) => words.owners(vm)[0])).toEqual([ownerOf("h0"), ownerOf("h1"), ownerOf("h2")]);
    expect(words.header(abi.REQUEST_FRESH_OWNER)).toBeGreaterThan(ownerOf("h0"));
    // The same names, but known in this request only: nobody else's.
    const own = new Words(
      inventory,
      vms,
      groups.map((each) => ({ ...each, named: false })),
    );
    expect(own.owners(0)[0]).toBeGreaterThanOrEqual(own.header(abi.REQUEST_FRESH_OWNER));
  });
});

describe("a pipe in a request", () => {
  const inventory = inventoryWith([existing("old", "h1"), existing("gone", "h2")]);
  const records = (pipes: readonly Pipe[], without: string[] = []) => {
    const words = encode(inventory, { name: "app", vms: [plainVm("a"), plainVm("b")], groups: [], pipes }, without);
    const at = words[abi.REQUEST_PIPE_TABLE]!;
    return Array.from({ length: words[abi.REQUEST_PIPES]! }, (_, i) => [
      ...words.subarray(at + i * abi.PIPE_WORDS, at + (i + 1) * abi.PIPE_WORDS),
    ]);
  };

  it("has two VMs of it, or one and the row where the other lives", () => {
    const pipes: Pipe[] = [
      { a: "b", b: "a", kbps: 70 },
      { a: "b", b: "old", living: true, kbps: 2 ** 40 },
    ];
    expect(records(pipes)).toEqual([
      [1, 0, abi.NONE, 70],
      [1, abi.NONE, inventory.rowOf("h1"), 2 ** 31 - 1],
    ]);
  });

  it("is left out when it reserves nothing, or when its other end is not there or thought away", () => {
    const pipes: Pipe[] = [
      { a: "a", b: "b", kbps: 0 },
      { a: "a", b: "old", kbps: 1 },
      { a: "a", b: "b", living: true, kbps: 1 },
      { a: "a", b: "gone", living: true, kbps: 1 },
    ];
    expect(records(pipes, ["gone"])).toEqual([]);
  });
});

it("an application without VMs is a request", () => {
  const words = new Words(inventoryWith(), [], [group("affinity", "host", [])]);
  expect([words.header(abi.REQUEST_VMS), words.header(abi.REQUEST_GROUPS)]).toEqual([0, 0]);
});
