// xorshift32 (Marsaglia, Journal of Statistical Software 8(14), 2003): 32 bits of state, enough to shuffle.

let state: u32 = 1;

/** Any seed gives a good start: it is scrambled first (MurmurHash3's finalizer), and 0, the one fixed point, avoided. */
export function seed(value: i32): void {
  let x = <u32>value + 0x9e3779b9;
  x = (x ^ (x >> 16)) * 0x85ebca6b;
  x = (x ^ (x >> 13)) * 0xc2b2ae35;
  x ^= x >> 16;
  state = x == 0 ? 1 : x;
}

/** Uniform in [0, 2^32). */
export function next(): u32 {
  let x = state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  state = x;
  return x;
}

/** Uniform in [0, bound), by multiplication instead of division (Lemire 2019, without the rejection step). */
export function below(bound: i32): i32 {
  return <i32>((<u64>next() * <u64>bound) >> 32);
}
