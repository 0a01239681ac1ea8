// The inventory columns in shared memory, with a journal of the cells that changed, so that a worker copies only those.
//
//   word  0  sequence: odd while a change is being written (a seqlock: readers retry)
//         1  version of the inventory
//         2  cells journaled so far (wraps at 2^32; compared by difference)
//         3  blocks   4 racks   5 clusters   6 classes
//         7  identity: a buffer is another object in each message to a worker, this number stays
//         8  journal: the last JOURNAL changed cells, as word offsets into the columns
//   8 + JOURNAL  the columns, see assembly/README.md

import { layoutOf, rowsOf, type Size } from "./layout.ts";

const SEQUENCE = 0;
const VERSION = 1;
const JOURNALED = 2;
const SIZE = 3;
const IDENTITY = 7;
const HEADER = 8;
/** A worker that fell behind by more than this many cells copies all columns. */
const JOURNAL = 16_384;

let made = 0;

/** Written by the thread that owns the inventory. */
export class Snapshot {
  readonly buffer: SharedArrayBuffer;
  readonly size: Size;
  /** Bytes of all columns: what a first copy costs. */
  readonly columnBytes: number;
  /** Exact count of bytes that changes have written, i.e. that each worker has to copy. */
  bytesWritten = 0;

  readonly #words: Int32Array;
  readonly #cells: Int32Array;
  readonly #offsets: Int32Array;

  constructor(size: Size) {
    const { offsets, words } = layoutOf(size);
    this.size = size;
    this.columnBytes = words * 4;
    this.buffer = new SharedArrayBuffer((HEADER + JOURNAL + words) * 4);
    this.#words = new Int32Array(this.buffer);
    this.#cells = this.#words.subarray(HEADER + JOURNAL);
    this.#offsets = offsets;
    this.#words.set([size.blocks, size.racks, size.clusters, size.classes], SIZE);
    this.#words[IDENTITY] = ++made;
  }

  get version(): number {
    return this.#words[VERSION]!;
  }

  /** Word offset of a cell: how patches and the journal name it. */
  cell(column: number, row: number): number {
    return this.#offsets[column]! + row;
  }

  read(cell: number): number {
    return this.#cells[cell]!;
  }

  /** For the first filling, before any worker knows the buffer: not journaled. */
  column(column: number): Int32Array {
    const from = this.#offsets[column]!;
    return this.#cells.subarray(from, from + rowsOf(column, this.size));
  }

  /** All writes of one change, seen by readers together or not at all. */
  change(version: number, write: () => void): void {
    Atomics.add(this.#words, SEQUENCE, 1);
    try {
      write();
      this.#words[VERSION] = version;
    } finally {
      Atomics.add(this.#words, SEQUENCE, 1);
    }
  }

  /** Inside `change` only. Equal values cost nothing. */
  write(cell: number, value: number): void {
    if (this.#cells[cell] === value) return;
    this.#cells[cell] = value;
    const count = this.#words[JOURNALED]!;
    this.#words[HEADER + ((count >>> 0) % JOURNAL)] = cell;
    this.#words[JOURNALED] = (count + 1) | 0;
    this.bytesWritten += 4;
  }
}

/** Reads a snapshot of another thread into a private copy of the columns. */
export class SnapshotReader {
  readonly size: Size;
  readonly #words: Int32Array;
  #seen = 0;
  #copiedOnce = false;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
    const [blocks, racks, clusters, classes] = this.#words.subarray(SIZE, SIZE + 4);
    this.size = { blocks: blocks!, racks: racks!, clusters: clusters!, classes: classes! };
  }

  /** Is this the buffer it reads? */
  reads(buffer: SharedArrayBuffer): boolean {
    return new Int32Array(buffer)[IDENTITY] === this.#words[IDENTITY];
  }

  /** Brings `cells` up to date. Returns the version it now holds and the bytes copied. */
  copyInto(cells: Int32Array): { version: number; bytes: number } {
    const words = this.#words;
    for (;;) {
      const sequence = Atomics.load(words, SEQUENCE);
      if (sequence & 1) continue; // the owner writes for microseconds
      const journaled = words[JOURNALED]!;
      const version = words[VERSION]!;
      const behind = (journaled - this.#seen) >>> 0;
      let bytes: number;
      if (!this.#copiedOnce || behind > JOURNAL) {
        const columns = words.subarray(HEADER + JOURNAL);
        cells.set(columns);
        bytes = columns.byteLength;
      } else {
        for (let i = 0; i < behind; i++) {
          const cell = words[HEADER + (((this.#seen + i) >>> 0) % JOURNAL)]!;
          if (cell < cells.length) cells[cell] = words[HEADER + JOURNAL + cell]!;
        }
        bytes = behind * 4;
      }
      // A read-modify-write: a plain atomic load would not keep the reads above it before it on every processor.
      if (Atomics.add(words, SEQUENCE, 0) !== sequence) continue;
      this.#seen = journaled;
      this.#copiedOnce = true;
      return { version, bytes };
    }
  }
}
