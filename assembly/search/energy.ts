// How good a complete plan is, as one number: only to decide whether the search may wander on with it. What counts as
// better is the order of the levels in objective.ts.

import { activated, left, racksTouched, reserved, touchedCount } from "../assignment";
import { bestLevels } from "./incumbent";
import { levelOf } from "./objective";

const PER_ACTIVATED: f32 = 4;
/** For as much bandwidth again as the best plan reserves. */
const PER_RESERVED: f32 = 16;
const PER_RACK: f32 = 0.25;
/** For a host that is touched and empty: 10,000 basis points in three resources. */
const PER_LEFT: f32 = 0.1 / 30000;

/** Small is good; one more host touched is 1. */
export function energy(): f32 {
  return (
    PER_ACTIVATED * <f32>activated +
    (PER_RESERVED * <f32>reserved) / <f32>max<i64>(1, levelOf(bestLevels, 2)) +
    <f32>touchedCount +
    PER_RACK * <f32>racksTouched +
    PER_LEFT * <f32>left()
  );
}
