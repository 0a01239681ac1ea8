// The data center as columns; README.md has the table of them. The host side fills and updates these cells; a solve
// changes HOST_*, RACK_* and CLUSTER_* VMs, owners, free capacity and links as it places, and leaves them as it found them.

import {
  ACTIVE_DISK,
  ACTIVE_RAM,
  ACTIVE_VCPUS,
  BLOCK_RACK,
  BLOCK_ROWS,
  BLOCK_SHIFT,
  CLASS_AGGREGATES,
  CLASS_DISK,
  CLASS_PHYSICAL_RAM,
  CLASS_PHYSICAL_VCPUS,
  CLASS_RAM,
  CLASS_UP,
  CLASS_VCPUS,
  CLASS_ZONE,
  CLUSTER_OWNER,
  CLUSTER_RACK,
  CLUSTER_VMS,
  COLUMN_COUNT,
  EMPTY_DISK,
  EMPTY_RAM,
  EMPTY_VCPUS,
  FIRST_BLOCK_COLUMN,
  FIRST_CLASS_COLUMN,
  FIRST_CLUSTER_COLUMN,
  FIRST_RACK_COLUMN,
  FIRST_TOTAL_COLUMN,
  FREE_DISK,
  FREE_NIC,
  FREE_RAM,
  FREE_VCPUS,
  HOST_CLASS,
  HOST_OWNER,
  HOST_VMS,
  LEVEL_HOST,
  LEVEL_RACK,
  NONE,
  RACK_BLOCK,
  RACK_CLUSTER,
  RACK_DISK,
  RACK_OWNER,
  RACK_RAM,
  RACK_REAL,
  RACK_UPLINK,
  RACK_VCPUS,
  RACK_VMS,
  TOTAL_DISK,
  TOTAL_RAM,
  TOTAL_VCPUS,
} from "./abi";
import { floor, get, mark, reserve, rewind, words } from "./lib/arena";

export let rowCount = 0; // host rows with pads
export let blockCount = 0;
export let rackCount = 0;
export let clusterCount = 0;
export let classCount = 0;

/** Where the columns begin, and where the next request may begin. */
export let inventoryBase: usize = 0;
export let inventoryBytes: usize = 0;
export let requestBase: usize = 0;

const columns = memory.data(COLUMN_COUNT << 2, 16);

// The columns that the search reads all the time, as globals.
export let freeVcpus: usize = 0;
export let freeRam: usize = 0;
export let freeDisk: usize = 0;
export let hostClass: usize = 0;
export let hostVms: usize = 0;
export let hostOwner: usize = 0;
export let freeNic: usize = 0;
export let blockRack: usize = 0;
export let activeVcpus: usize = 0;
export let activeRam: usize = 0;
export let activeDisk: usize = 0;
export let emptyVcpus: usize = 0;
export let emptyRam: usize = 0;
export let emptyDisk: usize = 0;
export let rackBlock: usize = 0;
export let rackCluster: usize = 0;
export let rackReal: usize = 0;
export let rackVms: usize = 0;
export let rackOwner: usize = 0;
export let rackVcpus: usize = 0;
export let rackRam: usize = 0;
export let rackDisk: usize = 0;
export let rackUplink: usize = 0;
export let clusterRack: usize = 0;
export let clusterVms: usize = 0;
export let clusterOwner: usize = 0;
export let classUp: usize = 0;
export let classZone: usize = 0;
export let classAggregates: usize = 0;
export let classPhysicalVcpus: usize = 0;
export let classPhysicalRam: usize = 0;
export let classVcpus: usize = 0;
export let classRam: usize = 0;
export let classDisk: usize = 0;
export let totalVcpus: usize = 0;
export let totalRam: usize = 0;
export let totalDisk: usize = 0;

/** One more than the slot of a host in the list of touched hosts, 0: not touched. Not part of the wire. */
export let touchedSlot: usize = 0;
/** Touched hosts in a rack. Not part of the wire. */
export let rackTouched: usize = 0;

/** Rows of a column, without the padding to 16 bytes. The host side computes the same (host/core/layout.ts). */
function rowsOf(column: i32): i32 {
  if (column < FIRST_BLOCK_COLUMN) return rowCount;
  if (column < FIRST_RACK_COLUMN) return blockCount;
  if (column < FIRST_CLUSTER_COLUMN) return rackCount + 1;
  if (column < FIRST_CLASS_COLUMN) return clusterCount + 1;
  if (column < FIRST_TOTAL_COLUMN) return classCount;
  return 1;
}

export function columnAt(column: i32): usize {
  return load<u32>(columns + ((<usize>column) << 2));
}

/** Lays out the columns for an inventory of this size; their contents come from the host. Returns their first byte. */
export function layout(blocks: i32, racks: i32, clusters: i32, classes: i32): usize {
  rowCount = blocks << BLOCK_SHIFT;
  blockCount = blocks;
  rackCount = racks;
  clusterCount = clusters;
  classCount = classes;
  rewind(floor());
  inventoryBase = mark();
  for (let c = 0; c < COLUMN_COUNT; c++) {
    store<u32>(columns + ((<usize>c) << 2), <u32>reserve((((<usize>rowsOf(c)) << 2) + 15) & ~15));
  }
  inventoryBytes = mark() - inventoryBase;
  memory.fill(inventoryBase, 0, inventoryBytes);
  freeVcpus = columnAt(FREE_VCPUS);
  freeRam = columnAt(FREE_RAM);
  freeDisk = columnAt(FREE_DISK);
  hostClass = columnAt(HOST_CLASS);
  hostVms = columnAt(HOST_VMS);
  hostOwner = columnAt(HOST_OWNER);
  freeNic = columnAt(FREE_NIC);
  blockRack = columnAt(BLOCK_RACK);
  activeVcpus = columnAt(ACTIVE_VCPUS);
  activeRam = columnAt(ACTIVE_RAM);
  activeDisk = columnAt(ACTIVE_DISK);
  emptyVcpus = columnAt(EMPTY_VCPUS);
  emptyRam = columnAt(EMPTY_RAM);
  emptyDisk = columnAt(EMPTY_DISK);
  rackBlock = columnAt(RACK_BLOCK);
  rackCluster = columnAt(RACK_CLUSTER);
  rackReal = columnAt(RACK_REAL);
  rackVms = columnAt(RACK_VMS);
  rackOwner = columnAt(RACK_OWNER);
  rackVcpus = columnAt(RACK_VCPUS);
  rackRam = columnAt(RACK_RAM);
  rackDisk = columnAt(RACK_DISK);
  rackUplink = columnAt(RACK_UPLINK);
  clusterRack = columnAt(CLUSTER_RACK);
  clusterVms = columnAt(CLUSTER_VMS);
  clusterOwner = columnAt(CLUSTER_OWNER);
  classUp = columnAt(CLASS_UP);
  classZone = columnAt(CLASS_ZONE);
  classAggregates = columnAt(CLASS_AGGREGATES);
  classPhysicalVcpus = columnAt(CLASS_PHYSICAL_VCPUS);
  classPhysicalRam = columnAt(CLASS_PHYSICAL_RAM);
  classVcpus = columnAt(CLASS_VCPUS);
  classRam = columnAt(CLASS_RAM);
  classDisk = columnAt(CLASS_DISK);
  totalVcpus = columnAt(TOTAL_VCPUS);
  totalRam = columnAt(TOTAL_RAM);
  totalDisk = columnAt(TOTAL_DISK);
  touchedSlot = words(rowCount, 0);
  rackTouched = words(rackCount, 0);
  requestBase = mark();
  return inventoryBase;
}

export function rackOf(row: i32): i32 {
  return get(blockRack, row >> BLOCK_SHIFT);
}

/** The container of `level` that a host lies in, NONE if it has none. */
export function containerOf(level: i32, row: i32): i32 {
  if (level == LEVEL_HOST) return row;
  const rack = rackOf(row);
  if (level == LEVEL_RACK) return get(rackReal, rack) ? rack : NONE;
  return get(rackCluster, rack);
}

export const ALL_ROWS: i32 = (1 << BLOCK_ROWS) - 1;
