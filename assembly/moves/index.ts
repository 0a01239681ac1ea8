import { Move } from "./move";
import { RuinAndRecreate } from "./ruin";

/** The moves in the order of their turns. */
export const MOVES: StaticArray<Move> = [new RuinAndRecreate()];
