// One problem for several searches. Each is a strand: a task of its own that goes on from the best plan so far with its
// own seed, and knows nothing else of the others. So any worker may run any of them, and with a budget (`shareBudget`)
// the answer is the same for any number of workers. With a deadline (`race`) the clock decides how far each gets.
//
// A hand-off to a worker costs some 50 µs beside the solve itself, about what 50 units of work take: tasks of less than
// LEAST_SHARE are not worth one, and a plan that the default budget is enough for never leaves its worker.

import {
  RESULT_ACTIVATED,
  RESULT_ATTEMPTS,
  RESULT_BLOCKS,
  RESULT_BOUND_ACTIVATED,
  RESULT_BOUND_RACKS,
  RESULT_BOUND_RESERVED,
  RESULT_BOUND_TOUCHED,
  RESULT_HOSTS,
  RESULT_LEFT,
  RESULT_MOVES,
  RESULT_PROVEN,
  RESULT_RACKS,
  RESULT_RESERVED,
  RESULT_STATUS,
  RESULT_TOUCHED,
  STATUS_PLACED,
} from "../../assembly/abi.ts";
import { sharedIncumbent } from "./incumbent.ts";
import type { SolveAnswer, SolveTask } from "./session.ts";

/** The same on every machine, whatever it has of cores: the answer depends on it. */
export const STRANDS = 4;
/** Work of the first task, which is the plain solve and runs alone: most problems are solved when it ends. */
const SCOUT = 1_000;
const SCOUT_REPAIR = 20_000;
/** Work of a task in the first round; doubled in each, so that a long search loses at most half to fresh starts. */
const LEAST_SHARE = 1_000;

type Run = (task: SolveTask) => Promise<SolveAnswer>;

/** Spends the budget of the task in rounds of STRANDS tasks each. Ends early when one finds that no more can be found. */
export async function shareBudget(task: SolveTask, run: Run): Promise<SolveAnswer> {
  let left = task.budget - SCOUT;
  if (left < STRANDS * LEAST_SHARE) return await run(task);
  const started = performance.now();
  const answers = [await run({ ...task, budget: SCOUT, repairBudget: SCOUT_REPAIR })];
  for (let round = 0; left >= STRANDS * LEAST_SHARE; round++) {
    const best = bestOf(answers);
    if (best.ended) break;
    let share = Math.min(LEAST_SHARE * 2 ** round, Math.floor(left / STRANDS));
    if (left - share * STRANDS < STRANDS * LEAST_SHARE) share = Math.floor(left / STRANDS);
    left -= share * STRANDS;
    const from = isPlaced(best) ? { start: best.result.subarray(RESULT_HOSTS) } : {};
    const strands = Array.from({ length: STRANDS }, (_, strand) =>
      run({
        ...task,
        ...from,
        budget: share,
        repairBudget: share,
        seed: seedOf(task.seed, 1 + round * STRANDS + strand),
      }),
    );
    answers.push(...(await Promise.all(strands)));
  }
  return merged(answers, performance.now() - started);
}

/** `strands` searches at once until the task is due, telling each other what they find. */
export async function race(task: SolveTask, strands: number, run: Run): Promise<SolveAnswer> {
  if (strands === 1) return await run(task);
  const started = performance.now();
  const incumbent = sharedIncumbent(task.vms);
  const answers = await Promise.all(
    Array.from({ length: strands }, (_, strand) => run({ ...task, incumbent, seed: seedOf(task.seed, strand) })),
  );
  return merged(answers, performance.now() - started);
}

/** Distinct for the tasks of a solve; the first has the caller's own. */
function seedOf(seed: number, task: number): number {
  return (seed + Math.imul(task, 0x9e3779b9)) >>> 0;
}

function isPlaced({ result }: SolveAnswer): boolean {
  return result[RESULT_STATUS] === STATUS_PLACED;
}

/** The first of the best; of refusals the last, which was searched the longest, but one that needs no more search first. */
function bestOf(answers: readonly SolveAnswer[]): SolveAnswer {
  return answers.reduce((best, answer) => {
    if (!isPlaced(best)) return isPlaced(answer) || !best.ended ? answer : best;
    if (!isPlaced(answer)) return best;
    const order = compareResults(answer.result, best.result);
    return order < 0 || (order === 0 && answer.ended && !best.ended) ? answer : best;
  });
}

/** The best answer with the work of all and the highest of the bounds, each of which holds for every plan. */
function merged(answers: readonly SolveAnswer[], searchMs: number): SolveAnswer {
  const best = bestOf(answers);
  const result = best.result.slice();
  for (const word of [RESULT_ATTEMPTS, RESULT_BLOCKS, RESULT_MOVES]) {
    result[word] = answers.reduce((sum, answer) => sum + answer.result[word]!, 0);
  }
  for (const word of [RESULT_BOUND_ACTIVATED, RESULT_BOUND_TOUCHED, RESULT_BOUND_RACKS]) {
    result[word] = Math.max(...answers.map((answer) => answer.result[word]!));
  }
  const reserved = answers
    .map((answer) => answer.result)
    .reduce((most, words) => (compareLong(words, most, RESULT_BOUND_RESERVED) > 0 ? words : most));
  result.set(reserved.subarray(RESULT_BOUND_RESERVED, RESULT_BOUND_RESERVED + 2), RESULT_BOUND_RESERVED);
  if (isPlaced(best)) result[RESULT_PROVEN] = meetsBounds(result) ? 1 : 0;
  const sum = (of: (answer: SolveAnswer) => number) => answers.reduce((total, answer) => total + of(answer), 0);
  return {
    ...best,
    result,
    searchMs,
    searchedUntil: Math.max(...answers.map(({ searchedUntil }) => searchedUntil)),
    work: sum(({ work }) => work),
    bytesCopied: sum(({ bytesCopied }) => bytesCopied),
  };
}

/** By the levels of the objective in their order; negative when `a` is better. */
function compareResults(a: Int32Array, b: Int32Array): number {
  const word = (at: number) => a[at]! - b[at]!;
  return (
    word(RESULT_ACTIVATED) ||
    compareLong(a, b, RESULT_RESERVED) ||
    word(RESULT_TOUCHED) ||
    word(RESULT_RACKS) ||
    compareLong(a, b, RESULT_LEFT)
  );
}

/** In every level that has a bound. */
function meetsBounds(result: Int32Array): boolean {
  return (
    result[RESULT_ACTIVATED] === result[RESULT_BOUND_ACTIVATED] &&
    result[RESULT_RESERVED] === result[RESULT_BOUND_RESERVED] &&
    result[RESULT_RESERVED + 1] === result[RESULT_BOUND_RESERVED + 1] &&
    result[RESULT_TOUCHED] === result[RESULT_BOUND_TOUCHED] &&
    result[RESULT_RACKS] === result[RESULT_BOUND_RACKS]
  );
}

/** Two words, the lower first. */
function compareLong(a: Int32Array, b: Int32Array, at: number): number {
  return a[at + 1]! - b[at + 1]! || (a[at]! >>> 0) - (b[at]! >>> 0);
}
