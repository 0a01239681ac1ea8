import {
  BLOCK_SHIFT,
  CLUSTER_OWNER,
  CLUSTER_VMS,
  HOST_OWNER,
  HOST_VMS,
  LEVEL_CLUSTER,
  LEVEL_COUNT,
  LEVEL_HOST,
  LEVEL_RACK,
  NONE,
  OWNER_NONE,
  RACK_OWNER,
  RACK_VMS,
} from "../abi";
import { Constraint } from "../constraint";
import {
  blockRack,
  clusterCount,
  clusterOwner,
  clusterVms,
  containerOf,
  hostOwner,
  hostVms,
  rackCluster,
  rackCount,
  rackOf,
  rackOwner,
  rackReal,
  rackVms,
} from "../inventory";
import { get, put } from "../lib/arena";
import { differs, expectedAt, hostNow, pristineAt } from "../pristine";
import { unitCount, unitOwner } from "../units";

/** Some rack or cluster, or unit in one, is of a class: mostly there is none, and nothing to ask there. */
let aboveHosts = false;

/**
 * Hard. A container that holds a VM of an exclusivity group of its level holds no VM outside the group. VMs may thus
 * share a container exactly when they are in the same exclusivity groups of that level: each such set of groups is a
 * class (OWNER_NONE: in none), an occupied container belongs to the class of its VMs, and an empty one is open to all.
 */
export class Exclusivity extends Constraint {
  get spec(): string {
    return '{"name":"exclusivity","text":"exclusivity"}';
  }

  prepare(): void {
    let owners = 0;
    for (let u = 0; u < unitCount; u++) owners |= unitOwner(u, LEVEL_RACK) | unitOwner(u, LEVEL_CLUSTER);
    for (let rack = 0; rack < rackCount; rack++) owners |= get(rackOwner, rack);
    for (let cluster = 0; cluster < clusterCount; cluster++) owners |= get(clusterOwner, cluster);
    aboveHosts = owners != OWNER_NONE;
  }

  allows(unit: i32, row: i32): bool {
    return open(hostVms, hostOwner, row, unitOwner(unit, LEVEL_HOST)) && ownersAdmit(unit, rackOf(row));
  }

  filter(unit: i32, block: i32, mask: i32): i32 {
    return filterOwners(unit, block, mask);
  }

  mayEnter(unit: i32, rack: i32): bool {
    return ownersAdmit(unit, rack);
  }

  moved(unit: i32, row: i32, by: i32): void {
    moveOwners(unit, row, by);
  }

  alike(one: i32, other: i32): bool {
    for (let l = 0; l < LEVEL_COUNT; l++) if (unitOwner(one, l) != unitOwner(other, l)) return false;
    return true;
  }

  drifted(): bool {
    return (
      ownersDrifted(LEVEL_HOST, HOST_VMS, HOST_OWNER) ||
      ownersDrifted(LEVEL_RACK, RACK_VMS, RACK_OWNER) ||
      ownersDrifted(LEVEL_CLUSTER, CLUSTER_VMS, CLUSTER_OWNER)
    );
  }
}

// What the rule does, for whoever asks it of every unit and need not look it up in the list.

export function filterOwners(unit: i32, block: i32, mask: i32): i32 {
  if (unitOwner(unit, LEVEL_HOST) < OWNER_NONE || !ownersAdmit(unit, get(blockRack, block))) return 0;
  if ((mask & (mask - 1)) == 0) {
    return open(hostVms, hostOwner, (block << BLOCK_SHIFT) + ctz(mask), unitOwner(unit, LEVEL_HOST)) ? mask : 0;
  }
  const vms = hostVms + ((<usize>block) << 6);
  const owners = hostOwner + ((<usize>block) << 6);
  const owner = i32x4.splat(unitOwner(unit, LEVEL_HOST));
  const nobody = i32x4.splat(0);
  let room = 0;
  for (let i = 0; i < 4; i++) {
    const at = (<usize>i) << 4;
    const empty = i32x4.eq(v128.load(vms + at), nobody);
    room |= i32x4.bitmask(v128.or(empty, i32x4.eq(v128.load(owners + at), owner))) << (i << 2);
  }
  return mask & room;
}

/** May it be in the rack, and in the rack's cluster? */
export function ownersAdmit(unit: i32, rack: i32): bool {
  if (!aboveHosts) return true;
  const inRack = unitOwner(unit, LEVEL_RACK);
  if (get(rackReal, rack) ? !open(rackVms, rackOwner, rack, inRack) : inRack != OWNER_NONE) return false;
  const inCluster = unitOwner(unit, LEVEL_CLUSTER);
  const cluster = get(rackCluster, rack);
  return cluster == NONE ? inCluster == OWNER_NONE : open(clusterVms, clusterOwner, cluster, inCluster);
}

export function moveOwners(unit: i32, row: i32, by: i32): void {
  settle(hostVms, hostOwner, row, unitOwner(unit, LEVEL_HOST), by);
  if (!aboveHosts) return;
  const rack = rackOf(row);
  if (get(rackReal, rack)) settle(rackVms, rackOwner, rack, unitOwner(unit, LEVEL_RACK), by);
  const cluster = get(rackCluster, rack);
  if (cluster != NONE) settle(clusterVms, clusterOwner, cluster, unitOwner(unit, LEVEL_CLUSTER), by);
}

function open(vms: usize, owners: usize, container: i32, owner: i32): bool {
  return get(vms, container) == 0 ? owner >= 0 : get(owners, container) == owner;
}

/** The first VM of an empty container brings its class, the last one takes it along. */
function settle(vms: usize, owners: usize, container: i32, owner: i32, by: i32): void {
  if (get(vms, container) == 0) put(owners, container, by > 0 ? owner : OWNER_NONE);
}

/** Containers that were empty belong to the class of the units in them, the others to whom they belonged. */
function ownersDrifted(level: i32, vms: i32, owner: i32): bool {
  const owners = expectedAt(owner);
  for (let u = 0; u < unitCount; u++) {
    if (hostNow(u) == NONE) continue;
    const container = containerOf(level, hostNow(u));
    if (container != NONE && get(pristineAt(vms), container) == 0) put(owners, container, unitOwner(u, level));
  }
  return differs(owner);
}
