import { RESULT_HOSTS } from "../../assembly/abi.ts";
import type { Stage } from "./stage.ts";

const words = (count: number) => (count * 4 + 15) & ~15;

/**
 * Everything the core remembers of inventory and request, save what is meant to differ after a move and its undoing: the
 * log, and the places of the list of touched hosts that are free again. Both lie behind the units' hosts, which is where
 * the row of a placed unit is written last.
 */
export class MemoryView {
  readonly #core: Stage["core"];
  readonly #from: number;
  readonly #to: number;
  readonly #skipFrom: number;
  readonly #skipTo: number;

  /** The stage has no unit placed. */
  constructor(stage: Stage) {
    const { core, units, application } = stage;
    this.#core = core;
    this.#from = core.columnAt(0);
    this.#to = core.result() + words(RESULT_HOSTS + application.vms.length);
    const row = stage.inventory.rowOf(stage.dataCenter.hosts[0]!.name)!;
    const before = this.#all();
    core.move(0, row);
    const after = this.#all();
    core.move(0, -1);
    // The first VM is of unit 0, so this is where the table begins.
    const table = this.#from + 4 * after.findLastIndex((word, i) => word === row && before[i] === -1);
    this.#skipFrom = table + words(units.length);
    this.#skipTo = this.#skipFrom + 3 * words(units.length) + words(2 * (4 * units.length + 16));
  }

  #all(): Int32Array {
    return new Int32Array(this.#core.memory.buffer, this.#from, (this.#to - this.#from) / 4).slice();
  }

  /** A copy of it. */
  read(): Int32Array {
    return this.#all().fill(0, (this.#skipFrom - this.#from) / 4, (this.#skipTo - this.#from) / 4);
  }
}
