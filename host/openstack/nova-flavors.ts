// Sizes of servers, as Nova's API tells them.

import { amountOf } from "./json.ts";
import type { Size } from "./records.ts";
import type { Entry } from "./service-api.ts";

/** More than any host has; the core counts in 31 bits. */
const MOST = 2 ** 31 - 1;

export interface CloudFlavor extends Size {
  readonly id: string;
  readonly name: string;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

/** Of a flavor, or of the one inside of a server, which names its fields otherwise. */
export function sizeOfFlavor(entry: Entry): Size {
  const ephemeral = amountOf(entry["OS-FLV-EXT-DATA:ephemeral"]) ?? amountOf(entry.ephemeral) ?? 0;
  const swapMiB = amountOf(entry.swap) ?? 0;
  const whole = (amount: number) => Math.min(MOST, Math.ceil(amount));
  return {
    vcpus: whole(amountOf(entry.vcpus) ?? 0),
    ramMiB: whole(amountOf(entry.ram) ?? 0),
    diskGiB: whole((amountOf(entry.disk) ?? 0) + ephemeral + swapMiB / 1024),
  };
}
