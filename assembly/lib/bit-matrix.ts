import { get, put, reserve, words } from "./arena";

/** Pairs of a row and a column, one bit each; pairs are added, never taken out. Lives in the arena. */
@unmanaged
export class BitMatrix {
  bits: usize = 0;
  wordsPerRow: i32 = 0;

  has(row: i32, column: i32): bool {
    return (get(this.bits, this.wordOf(row, column)) & (1 << (column & 31))) != 0;
  }

  add(row: i32, column: i32): void {
    const word = this.wordOf(row, column);
    put(this.bits, word, get(this.bits, word) | (1 << (column & 31)));
  }

  private wordOf(row: i32, column: i32): i32 {
    return row * this.wordsPerRow + (column >> 5);
  }
}

/** Without any pair. */
export function bitMatrix(rows: i32, columns: i32): BitMatrix {
  const matrix = changetype<BitMatrix>(reserve(offsetof<BitMatrix>()));
  matrix.wordsPerRow = (columns + 31) >> 5;
  matrix.bits = words(rows * matrix.wordsPerRow, 0);
  return matrix;
}
