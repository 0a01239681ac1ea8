import { get } from "./arena";

/** Does the ascending list of `count` words hold `value`? */
export function holds(list: usize, count: i32, value: i32): bool {
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >> 1;
    const at = get(list, middle);
    if (at == value) return true;
    if (at < value) from = middle + 1;
    else to = middle;
  }
  return false;
}
