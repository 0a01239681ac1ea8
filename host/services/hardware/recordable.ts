import type { Facts } from "../../drivers/driver.ts";

const LONE_SURROGATE = /\p{Surrogate}/gu;

/** As the store gives it back: JSON, without the characters that it cannot keep, whatever the hardware said. */
export function recordable(facts: Facts): Record<string, unknown> {
  const text = JSON.stringify(facts, (_, value: unknown) => (typeof value === "string" ? storable(value) : value));
  return JSON.parse(text) as Record<string, unknown>;
}

function storable(text: string): string {
  return text.replaceAll("\0", "\ufffd").replace(LONE_SURROGATE, "\ufffd");
}
