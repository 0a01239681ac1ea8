// A Piscina worker: one core instance, for its whole life unless it breaks.

import { CoreSession, type SolveAnswer, type SolveTask } from "./session.ts";

let session = new CoreSession();

export default function solve(task: SolveTask & { snapshot: SharedArrayBuffer }): SolveAnswer {
  try {
    return session.solve(task.snapshot, task);
  } catch (error) {
    // After a trap nothing in the instance's memory can be trusted, and nothing outside of it was within its reach.
    session = new CoreSession();
    throw error;
  }
}
