// How tightly a unit fills a host: leftover of the host after the unit, as a fraction of its capacity summed over the
// resources. Smaller is tighter.

import { classCount, classDisk, classRam, classVcpus, freeDisk, freeRam, freeVcpus, hostClass } from "../inventory";
import { get, reserve } from "../lib/arena";
import { needDisk, needRam, needVcpus } from "../units";

/** Host class -> its capacities, each at least 1: a vector of vCPU, RAM, disk, and one more 1. */
let capacities: usize = 0;

export function prepareFit(): void {
  capacities = reserve((<usize>classCount) << 4);
  for (let c = 0; c < classCount; c++) {
    const four = i32x4.replace_lane(
      i32x4.replace_lane(
        i32x4.replace_lane(i32x4.splat(1), 0, max(1, get(classVcpus, c))),
        1,
        max(1, get(classRam, c)),
      ),
      2,
      max(1, get(classDisk, c)),
    );
    v128.store(capacities + ((<usize>c) << 4), f32x4.convert_i32x4_s(four));
  }
}

export function fit(unit: i32, row: i32): f32 {
  const hardware = capacities + ((<usize>get(hostClass, row)) << 4);
  return (
    <f32>(get(freeVcpus, row) - get(needVcpus, unit)) / load<f32>(hardware) +
    <f32>(get(freeRam, row) - get(needRam, unit)) / load<f32>(hardware, 4) +
    <f32>(get(freeDisk, row) - get(needDisk, unit)) / load<f32>(hardware, 8)
  );
}

/** Which of four neighbours fit no less tightly than `bound`, as bits. To the bit what `fit` says; divisions take time. */
export function fitWithin(unit: i32, row: i32, bound: f32): i32 {
  const a = capacitiesAt(row);
  const b = capacitiesAt(row + 1);
  const c = capacitiesAt(row + 2);
  const d = capacitiesAt(row + 3);
  // Four hosts of three resources become three resources of four hosts.
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const vcpus = v128.shuffle<f32>(ab, cd, 0, 1, 4, 5);
  const ram = v128.shuffle<f32>(ab, cd, 2, 3, 6, 7);
  const disk = v128.shuffle<f32>(v128.shuffle<f32>(a, b, 2, 6, 2, 6), v128.shuffle<f32>(c, d, 2, 6, 2, 6), 0, 1, 4, 5);
  const tightness = f32x4.add(
    f32x4.add(
      f32x4.div(leftOver(freeVcpus, row, get(needVcpus, unit)), vcpus),
      f32x4.div(leftOver(freeRam, row, get(needRam, unit)), ram),
    ),
    f32x4.div(leftOver(freeDisk, row, get(needDisk, unit)), disk),
  );
  return i32x4.bitmask(f32x4.le(tightness, f32x4.splat(bound)));
}

function leftOver(free: usize, row: i32, need: i32): v128 {
  return f32x4.convert_i32x4_s(i32x4.sub(v128.load(free + ((<usize>row) << 2)), i32x4.splat(need)));
}

function capacitiesAt(row: i32): v128 {
  return v128.load(capacities + ((<usize>get(hostClass, row)) << 4));
}
