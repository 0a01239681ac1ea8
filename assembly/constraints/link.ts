// A column of links: free kbit/s, or UNLIMITED, which no load changes.

import { UNLIMITED } from "../abi";
import { get, put } from "../lib/arena";

/** Nothing more is always possible, also on a link that is over its capacity already. */
export function carries(links: usize, row: i32, kbps: i64): bool {
  return kbps == 0 || <i64>get(links, row) >= kbps || get(links, row) == UNLIMITED;
}

/** Loads the link; a negative load is taken off again, exactly. */
export function carry(links: usize, row: i32, kbps: i64): void {
  const free = get(links, row);
  if (free != UNLIMITED) put(links, row, free - <i32>kbps);
}
