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
    const rowsOf = (unit: Stage["units"][number]) => stage.allowedRows(unit).filter((row) => stage.hostAt(row));
    // Rules are told of legal moves only.
    const unit = units.findIndex((each) => rowsOf(each).length > 0);
    const row = rowsOf(units[unit]!)[0]!;
    const vm = stage.vmRow(units[unit]!);
    const before = this.#all();
    core.move(vm, row);
    const after = this.#all();
    core.move(vm, -1);
    // Units are numbered by their lowest VM, here and there.
    const table = this.#from + 4 * (after.findLastIndex((word, i) => word === row && before[i] === -1) - unit);
    this.#skipFrom = table + words(units.length);
    this.#skipTo = this.#skipFrom + 4 * words(units.length) + words(2 * (4 * units.length + 16));
  }

  #all(): Int32Array {
    return new Int32Array(this.#core.memory.buffer, this.#from, (this.#to - this.#from) / 4).slice();
  }

  /** A copy of it. */
  read(): Int32Array {
    return this.#all().fill(0, (this.#skipFrom - this.#from) / 4, (this.#skipTo - this.#from) / 4);
  }
}
