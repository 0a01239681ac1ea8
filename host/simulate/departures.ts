// VMs that will leave, soonest first: a binary heap. Those of equal time leave in the order in which they came.

interface Departure {
  readonly time: number;
  readonly order: number;
  readonly id: string;
}

export class Departures {
  readonly #heap: Departure[] = [];
  #order = 0;

  add(time: number, id: string): void {
    const heap = this.#heap;
    const added = { time, order: this.#order++, id };
    let at = heap.length;
    for (let parent = (at - 1) >> 1; at > 0 && before(added, heap[parent]!); parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = added;
  }

  /** Takes out the next that leaves at or before `time`; undefined when there is none. */
  next(time: number): { readonly time: number; readonly id: string } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.time > time) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(moved: Departure): void {
    const heap = this.#heap;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, moved)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
  }
}

function before(one: Departure, other: Departure): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}
