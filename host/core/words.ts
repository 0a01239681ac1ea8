// Words that are written one after the other into memory that is used again and again: what comes to life with a request
// dies with it, and a collection of garbage between two looks at the clock makes an answer late.

const FIRST_LENGTH = 4096;

export class Words {
  #words = new Int32Array(FIRST_LENGTH);
  #length = 0;

  /** Begins anew with so many zeros. */
  reset(length: number): void {
    this.#length = 0;
    this.#grow(length);
    this.#words.fill(0, 0, length);
  }

  get length(): number {
    return this.#length;
  }

  set(at: number, word: number): void {
    this.#words[at] = word;
  }

  push(word: number): void {
    const at = this.#length;
    if (at === this.#words.length) this.#grow(1);
    else this.#length = at + 1;
    this.#words[at] = word;
  }

  /** Returns where the first of them stands. */
  append(words: readonly number[]): number {
    const at = this.#length;
    for (const word of words) this.push(word);
    return at;
  }

  /** What was written, in memory of its own. */
  copy(): Int32Array {
    return this.#words.slice(0, this.#length);
  }

  #grow(by: number): void {
    this.#length += by;
    if (this.#length <= this.#words.length) return;
    const larger = new Int32Array(2 * this.#length);
    larger.set(this.#words);
    this.#words = larger;
  }
}
