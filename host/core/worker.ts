// A Piscina worker: one core instance for its whole life.

import { CoreSession, type SolveAnswer, type SolveTask } from "./session.ts";

const session = new CoreSession();

export default function solve(task: SolveTask & { snapshot: SharedArrayBuffer }): SolveAnswer {
  return session.solve(task.snapshot, task);
}
