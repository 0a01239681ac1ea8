// Templates come from users, and a short one can describe an endless amount of work: all of an expansion is counted.

import type { TemplateFile, Where } from "./heat-document.ts";

/** Values of 20,000 resources, fifty each. */
const MOST_VALUES = 1_000_000;
/** In one text. */
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** Of a text count as one value. */
const CHARACTERS_A_VALUE = 64;

export class Work {
  #left = MOST_VALUES;

  /** @throws AppError file.invalid when the stack has cost too much by now */
  spend(values: number, file: TemplateFile, where: Where): void {
    this.#left -= values;
    if (this.#left < 0)
      throw file.fault(where.slice(0, 4), `the stack expands to more than ${MOST_VALUES} values; it is too large`);
  }

  /**
   * Before the text is made.
   * @param characters of them in all
   * @param added those of them that were not spent on yet
   * @throws AppError file.invalid
   */
  spendText(characters: number, added: number, file: TemplateFile, where: Where): void {
    if (characters > MOST_CHARACTERS)
      throw file.fault(where.slice(0, 4), `makes a text of more than ${MOST_CHARACTERS} characters`);
    this.spend(added / CHARACTERS_A_VALUE, file, where);
  }
}
