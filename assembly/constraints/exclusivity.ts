import {
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
  clusterOwner,
  clusterVms,
  containerOf,
  hostOwner,
  hostVms,
  rackCluster,
  rackOf,
  rackOwner,
  rackReal,
  rackVms,
} from "../inventory";
import { get, put } from "../lib/arena";
import { differs, expectedAt, hostNow, pristineAt } from "../pristine";
import { unitCount, unitOwner } from "../units";

/**
 * Hard. A container that holds a VM of an exclusivity group of its level holds no VM outside the group. VMs may thus
 * share a container exactly when they are in the same exclusivity groups of that level: each such set of groups is a
 * class (OWNER_NONE: in none), an occupied container belongs to the class of its VMs, and an empty one is open to all.
 */
export class Exclusivity extends Constraint {
  get spec(): string {
    return '{"name":"exclusivity","text":"exclusivity"}';
  }

  allows(unit: i32, row: i32): bool {
    return open(hostVms, hostOwner, row, unitOwner(unit, LEVEL_HOST)) && this.mayEnter(unit, rackOf(row));
  }

  filter(unit: i32, block: i32, mask: i32): i32 {
    if (unitOwner(unit, LEVEL_HOST) < OWNER_NONE) return 0;
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
    mask &= room;
    return mask && this.mayEnter(unit, rackOf(block << 4)) ? mask : 0;
  }

  mayEnter(unit: i32, rack: i32): bool {
    const inRack = unitOwner(unit, LEVEL_RACK);
    if (get(rackReal, rack) ? !open(rackVms, rackOwner, rack, inRack) : inRack != OWNER_NONE) return false;
    const inCluster = unitOwner(unit, LEVEL_CLUSTER);
    const cluster = get(rackCluster, rack);
    return cluster == NONE ? inCluster == OWNER_NONE : open(clusterVms, clusterOwner, cluster, inCluster);
  }

  moved(unit: i32, row: i32, by: i32): void {
    settle(hostVms, hostOwner, row, unitOwner(unit, LEVEL_HOST), by);
    const rack = rackOf(row);
    if (get(rackReal, rack)) settle(rackVms, rackOwner, rack, unitOwner(unit, LEVEL_RACK), by);
    const cluster = get(rackCluster, rack);
    if (cluster != NONE) settle(clusterVms, clusterOwner, cluster, unitOwner(unit, LEVEL_CLUSTER), by);
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
