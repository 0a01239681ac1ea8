// Sets of row numbers, many of them and each small against the range: a hash table from (set, chunk of 16 rows) to the
// rows of the chunk as bits. Linear probing; a chunk that becomes empty is taken out by moving up what follows it
// (Knuth, The Art of Computer Programming 3, 6.4, algorithm R), so adding and removing restore every byte.

import { reserve } from "./arena";

const CHUNK_SHIFT = 4;
const FREE: i64 = -1;

/** A place: the key (i64) and its bits, padded. */
const PLACE_SHIFT = 4;
const BITS = 8;

@unmanaged
export class BitTable {
  places: usize = 0;
  /** Number of places - 1; a power of two of places, at most half of them in use. */
  last: i32 = 0;

  /** The members of `set` in a chunk, as bits. */
  chunk(set: i32, chunk: i32): i32 {
    return load<i32>(this.find(keyOf(set, chunk)), BITS); // a free place holds no bits
  }

  has(set: i32, row: i32): bool {
    return (this.chunk(set, row >> CHUNK_SHIFT) & bitOf(row)) != 0;
  }

  add(set: i32, row: i32): void {
    const key = keyOf(set, row >> CHUNK_SHIFT);
    const at = this.find(key);
    store<i64>(at, key);
    store<i32>(at, load<i32>(at, BITS) | bitOf(row), BITS);
  }

  /** Of what is not in the set nothing happens. */
  remove(set: i32, row: i32): void {
    const at = this.find(keyOf(set, row >> CHUNK_SHIFT));
    if (load<i64>(at) == FREE) return;
    const rest = load<i32>(at, BITS) & ~bitOf(row);
    store<i32>(at, rest, BITS);
    if (rest == 0) this.close(<i32>((at - this.places) >> PLACE_SHIFT));
  }

  /** Members of a set, by looking at every place: for the check build. */
  count(set: i32): i32 {
    let members = 0;
    for (let at = 0; at <= this.last; at++) {
      if (this.keyAt(at) != FREE && <i32>(this.keyAt(at) >> 32) == set)
        members += popcnt(load<i32>(this.place(at), BITS));
    }
    return members;
  }

  /** Moves up what could not be reached past the free place `hole`. */
  private close(hole: i32): void {
    for (let at = (hole + 1) & this.last; this.keyAt(at) != FREE; at = (at + 1) & this.last) {
      const home = this.home(this.keyAt(at));
      if (((at - home) & this.last) < ((at - hole) & this.last)) continue;
      v128.store(this.place(hole), v128.load(this.place(at)));
      hole = at;
    }
    store<i64>(this.place(hole), FREE);
    store<i32>(this.place(hole), 0, BITS);
  }

  /** Address of the key's place, or of the free one where it would be. */
  private find(key: i64): usize {
    let at = this.home(key);
    while (this.keyAt(at) != key && this.keyAt(at) != FREE) at = (at + 1) & this.last;
    return this.place(at);
  }

  private place(at: i32): usize {
    return this.places + ((<usize>at) << PLACE_SHIFT);
  }

  private keyAt(at: i32): i64 {
    return load<i64>(this.place(at));
  }

  /** Fibonacci hashing of both halves: products with 2^32 / the golden ratio and with MurmurHash3's constant. */
  private home(key: i64): i32 {
    const product = (<u32>(key >> 32) * 0x85ebca6b + <u32>key) * 0x9e3779b9;
    return <i32>(product >> 12) & this.last;
  }
}

/** Room for `most` members in all sets together. Lives in the arena. */
export function bitTable(most: i32): BitTable {
  const table = changetype<BitTable>(reserve(offsetof<BitTable>()));
  let places = 4;
  while (places < most << 1) places <<= 1;
  table.last = places - 1;
  table.places = reserve((<usize>places) << PLACE_SHIFT);
  for (let at = 0; at < places; at++) v128.store(table.places + ((<usize>at) << PLACE_SHIFT), i64x2(FREE, 0));
  return table;
}

function keyOf(set: i32, chunk: i32): i64 {
  return ((<i64>set) << 32) | <i64>chunk;
}

function bitOf(row: i32): i32 {
  return 1 << (row & 15);
}
