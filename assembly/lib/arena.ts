// Bump memory. The module's own data and rule objects lie below `base`; an inventory lies above them, a request above
// that. Nothing is freed one by one: laying out an inventory or a request starts over from its floor.

let base: usize = 0;
let top: usize = 0;

/** First free byte above the module's own data. Called after module start, when nothing managed is allocated any more. */
export function floor(): usize {
  if (base == 0) base = (heap.alloc(16) + 31) & ~15;
  return base;
}

export function rewind(to: usize): void {
  top = to;
}

export function mark(): usize {
  return (top + 15) & ~15;
}

/** Aligned to 16 bytes, contents undefined. Traps when the platform has no more memory. */
export function reserve(bytes: usize): usize {
  const at = (top + 15) & ~15;
  top = at + bytes;
  const missing = <i32>((top + 64 + 0xffff) >> 16) - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) unreachable();
  return at;
}

/** `count` words of undefined contents, for what is filled when it is needed. */
export function room(count: i32): usize {
  return reserve((<usize>count) << 2);
}

/** From here on filling is left to the engine, a call that takes as long as storing a few hundred bytes. */
const LONG: usize = 1024;

/** `count` words, all `value`. */
export function words(count: i32, value: i32): usize {
  const bytes = (<usize>count) << 2;
  const at = reserve(bytes);
  if (bytes >= LONG && (value == 0 || value == -1)) {
    memory.fill(at, <u8>value, bytes);
    return at;
  }
  // The last vector may reach beyond the words, but not beyond where the next ones begin.
  const four = i32x4.splat(value);
  for (let to = at, end = at + bytes; to < end; to += 16) v128.store(to, four);
  return at;
}

export function get(column: usize, row: i32): i32 {
  return load<i32>(column + ((<usize>row) << 2));
}

export function put(column: usize, row: i32, value: i32): void {
  store<i32>(column + ((<usize>row) << 2), value);
}

export function add(column: usize, row: i32, by: i32): void {
  const at = column + ((<usize>row) << 2);
  store<i32>(at, load<i32>(at) + by);
}
