// A conformance test that any runtime can call without arguments: makes a small data center and an application with pipes, solves
// it, and folds the answer into one number. Every engine must return the same.

import {
  ACTIVE_DISK,
  ACTIVE_RAM,
  ACTIVE_VCPUS,
  BLOCK_RACK,
  BLOCK_ROWS,
  CLASS_DISK,
  CLASS_PHYSICAL_RAM,
  CLASS_PHYSICAL_VCPUS,
  CLASS_RAM,
  CLASS_UP,
  CLASS_VCPUS,
  CLASS_ZONE,
  CLUSTER_RACK,
  EMPTY_DISK,
  EMPTY_RAM,
  EMPTY_VCPUS,
  FREE_DISK,
  FREE_NIC,
  FREE_RAM,
  FREE_VCPUS,
  GROUP_KIND,
  GROUP_MEMBER_COUNT,
  GROUP_MEMBERS,
  GROUP_ORDINALS,
  GROUP_WORDS,
  HOST_VMS,
  KIND_DIVERSITY,
  NONE,
  PIPE_A,
  PIPE_B,
  PIPE_KBPS,
  PIPE_ROW,
  PIPE_WORDS,
  RACK_BLOCK,
  RACK_CLUSTER,
  RACK_DISK,
  RACK_RAM,
  RACK_REAL,
  RACK_UPLINK,
  RACK_VCPUS,
  REQUEST_FRESH_OWNER,
  REQUEST_GROUP_TABLE,
  REQUEST_GROUPS,
  REQUEST_HEADER,
  REQUEST_PIPE_TABLE,
  REQUEST_PIPES,
  REQUEST_VM_TABLE,
  REQUEST_VMS,
  RESULT_HOSTS,
  RESULT_MOVES,
  RESULT_RESERVED,
  STATUS_PLACED,
  VM_CANDIDATE_COUNT,
  VM_DISK,
  VM_RAM,
  VM_SPECS,
  VM_VCPUS,
  VM_WORDS,
  VM_ZONE,
} from "./abi";
import { columnAt, layout, rackCount, rowCount } from "./inventory";
import { add, get, put } from "./lib/arena";
import { below, seed } from "./lib/rng";
import { requestBuffer } from "./request";
import { disable } from "./rules";
import { begin, construct, finish, improve, result } from "./solve";

const RACKS = 8;
const VMS = 40;
const MEMBERS = 6;
const PIPES = 30;

/** 1 plus the answer's hash, so never 0 unless the plan failed. */
export function selftest0(): i32 {
  disable(0);
  seed(42);
  makeInventory();
  makeRequest();
  begin(7);
  construct(i32.MAX_VALUE);
  improve(2000, false);
  if (finish() != STATUS_PLACED) return 0;
  let hash: i32 = get(result, RESULT_MOVES) * 31 + get(result, RESULT_RESERVED);
  for (let vm = 0; vm < VMS; vm++) hash = hash * 31 + get(result, RESULT_HOSTS + vm);
  return hash | 1;
}

function makeInventory(): void {
  layout(RACKS, RACKS, 1, 2);
  cell(CLASS_UP, 0, 1);
  cell(CLASS_UP, 1, 0);
  for (let c = 0; c < 2; c++) {
    cell(CLASS_ZONE, c, NONE);
    cell(CLASS_PHYSICAL_VCPUS, c, 64);
    cell(CLASS_PHYSICAL_RAM, c, 262144);
    cell(CLASS_VCPUS, c, 64);
    cell(CLASS_RAM, c, 262144);
    cell(CLASS_DISK, c, 2000);
  }
  cell(CLUSTER_RACK, 0, 0);
  cell(CLUSTER_RACK, 1, RACKS);
  for (let rack = 0; rack <= RACKS; rack++) cell(RACK_BLOCK, rack, rack);
  for (let rack = 0; rack < rackCount; rack++) {
    cell(BLOCK_RACK, rack, rack);
    cell(RACK_REAL, rack, 1);
    cell(RACK_CLUSTER, rack, 0);
    cell(RACK_UPLINK, rack, 100000000);
    for (let c = ACTIVE_VCPUS; c <= EMPTY_DISK; c++) cell(c, rack, -1);
  }
  for (let row = 0; row < rowCount; row++) {
    const busy = below(4) > 0;
    const used = busy ? 8 + below(48) : 0;
    cell(FREE_VCPUS, row, 64 - used);
    cell(FREE_RAM, row, 262144 - used * 4096);
    cell(FREE_DISK, row, 2000 - used * 20);
    cell(FREE_NIC, row, 5000000);
    cell(HOST_VMS, row, busy ? 1 + below(8) : 0);
    const block = row / BLOCK_ROWS;
    raise(busy ? ACTIVE_VCPUS : EMPTY_VCPUS, block, 64 - used);
    raise(busy ? ACTIVE_RAM : EMPTY_RAM, block, 262144 - used * 4096);
    raise(busy ? ACTIVE_DISK : EMPTY_DISK, block, 2000 - used * 20);
    add(columnAt(RACK_VCPUS), block, 64 - used);
    add(columnAt(RACK_RAM), block, 262144 - used * 4096);
    add(columnAt(RACK_DISK), block, 2000 - used * 20);
  }
}

function cell(column: i32, row: i32, value: i32): void {
  put(columnAt(column), row, value);
}

function raise(column: i32, row: i32, value: i32): void {
  put(columnAt(column), row, max(get(columnAt(column), row), value));
}

function makeRequest(): void {
  const vms = REQUEST_HEADER;
  const groups = vms + VMS * VM_WORDS;
  const members = groups + GROUP_WORDS;
  const pipes = members + 2 * MEMBERS;
  const size = pipes + PIPES * PIPE_WORDS;
  const at = requestBuffer(size);
  memory.fill(at, 0, (<usize>size) << 2);
  put(at, REQUEST_VMS, VMS);
  put(at, REQUEST_VM_TABLE, vms);
  put(at, REQUEST_GROUPS, 1);
  put(at, REQUEST_GROUP_TABLE, groups);
  put(at, REQUEST_PIPES, PIPES);
  put(at, REQUEST_PIPE_TABLE, pipes);
  put(at, REQUEST_FRESH_OWNER, 1);
  for (let vm = 0; vm < VMS; vm++) {
    const record = vms + vm * VM_WORDS;
    const vcpus = 1 << below(5);
    put(at, record + VM_VCPUS, vcpus);
    put(at, record + VM_RAM, vcpus * 2048);
    put(at, record + VM_DISK, vcpus * 10);
    put(at, record + VM_ZONE, NONE);
    put(at, record + VM_SPECS, NONE);
    put(at, record + VM_CANDIDATE_COUNT, NONE);
  }
  put(at, groups + GROUP_KIND, KIND_DIVERSITY);
  put(at, groups + GROUP_MEMBERS, members);
  put(at, groups + GROUP_MEMBER_COUNT, MEMBERS);
  put(at, groups + GROUP_ORDINALS, MEMBERS);
  for (let i = 0; i < MEMBERS; i++) {
    put(at, members + 2 * i, i);
    put(at, members + 2 * i + 1, i);
  } // Between VMs, the last one to a VM that lives on a host.
  for (let i = 0; i < PIPES; i++) {
    const record = pipes + i * PIPE_WORDS;
    const living = i == PIPES - 1;
    const a = below(VMS - 1);
    put(at, record + PIPE_A, a);
    put(at, record + PIPE_B, living ? NONE : a + 1 + below(VMS - 1 - a));
    put(at, record + PIPE_ROW, living ? below(rowCount) : NONE);
    put(at, record + PIPE_KBPS, 100000 * (1 + below(20)));
  }
}
