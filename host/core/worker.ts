// A Piscina worker: one core instance, for its whole life unless it breaks.

import { CoreSession, type SolveAnswer, type SolveTask } from "./session.ts";

let session = new CoreSession();

export interface Explaining {
  readonly snapshot: SharedArrayBuffer;
  readonly request: Int32Array;
  readonly rows: Int32Array;
}

export default function solve(task: SolveTask & { snapshot: SharedArrayBuffer }): SolveAnswer {
  return safely(() => session.solve(task.snapshot, task));
}

export function explain({ snapshot, request, rows }: Explaining): Int32Array | null {
  return safely(() => session.explain(snapshot, request, rows));
}

function safely<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    // After a trap nothing in the instance's memory can be trusted, and nothing outside of it was within its reach.
    session = new CoreSession();
    throw error;
  }
}
