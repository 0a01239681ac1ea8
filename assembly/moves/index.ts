import { Anneal } from "./anneal";
import { Cluster } from "./cluster";
import { Cover } from "./cover";
import { Move } from "./move";
import { PerfectFilling } from "./perfect";
import { Refill } from "./refill";
import { RuinAndRecreate } from "./ruin";
import { Squeeze } from "./squeeze";

/** The moves in the order of their turns. */
export const MOVES: StaticArray<Move> = [
  new Anneal(),
  new Cluster(),
  new RuinAndRecreate(),
  new Squeeze(),
  new Cover(),
  new Refill(),
  new PerfectFilling(),
];
