// Reads the request that the host wrote behind the inventory.

import {
  GROUP_WORDS,
  LEVEL_COUNT,
  PIPE_WORDS,
  REQUEST_GROUP_TABLE,
  REQUEST_GROUPS,
  REQUEST_PATCH_TABLE,
  REQUEST_PATCHES,
  REQUEST_PIPE_TABLE,
  REQUEST_PIPES,
  REQUEST_VM_TABLE,
  REQUEST_VMS,
  VM_OWNERS,
  VM_WORDS,
} from "./abi";
import { columnAt, requestBase } from "./inventory";
import { get, put, reserve, rewind } from "./lib/arena";

export let request: usize = 0;
export let vmCount = 0;
export let groupCount = 0;
export let pipeCount = 0;
let vmTable: usize = 0;
let groupTable: usize = 0;
let pipeTable: usize = 0;

/** Makes room for a request of `count` words and returns its first byte. What an earlier request needed is given up. */
export function requestBuffer(count: i32): usize {
  rewind(requestBase);
  request = reserve((<usize>count) << 2);
  return request;
}

export function openRequest(): void {
  vmCount = get(request, REQUEST_VMS);
  groupCount = get(request, REQUEST_GROUPS);
  pipeCount = get(request, REQUEST_PIPES);
  vmTable = wordAt(get(request, REQUEST_VM_TABLE));
  groupTable = wordAt(get(request, REQUEST_GROUP_TABLE));
  pipeTable = wordAt(get(request, REQUEST_PIPE_TABLE));
}

export function wordAt(offset: i32): usize {
  return request + ((<usize>offset) << 2);
}

export function vmAddress(vm: i32, word: i32): usize {
  return vmTable + ((<usize>(vm * VM_WORDS + word)) << 2);
}

export function vmWord(vm: i32, word: i32): i32 {
  return load<i32>(vmAddress(vm, word));
}

export function vmOwner(vm: i32, level: i32): i32 {
  assert(level < LEVEL_COUNT);
  return vmWord(vm, VM_OWNERS + level);
}

export function groupWord(group: i32, word: i32): i32 {
  return load<i32>(groupTable + ((<usize>(group * GROUP_WORDS + word)) << 2));
}

export function pipeWord(pipe: i32, word: i32): i32 {
  return load<i32>(pipeTable + ((<usize>(pipe * PIPE_WORDS + word)) << 2));
}

/** Exchanges the patched inventory cells with the values in the table; doing it twice restores them. */
export function swapPatches(): void {
  const count = get(request, REQUEST_PATCHES);
  const table = wordAt(get(request, REQUEST_PATCH_TABLE));
  for (let i = 0; i < count; i++) {
    const column = columnAt(get(table, i * 3));
    const row = get(table, i * 3 + 1);
    const value = get(table, i * 3 + 2);
    put(table, i * 3 + 2, get(column, row));
    put(column, row, value);
  }
}
