import { readFileSync } from "node:fs";

export interface RecordedMessage {
  readonly name: string;
  readonly routingKey: string;
  /** As it was on the wire. */
  readonly body: string;
}

/** See test/fixtures/openstack/messages/README.md. */
export const RECORDED_MESSAGES: readonly RecordedMessage[] = readFileSync(
  new URL("../fixtures/openstack/messages/recorded.jsonl", import.meta.url),
  "utf8",
)
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line));

/** A fresh copy of what is inside the envelope. */
// biome-ignore lint/suspicious/noExplicitAny: tests change what is deep inside of it.
export function recorded(name: string): any {
  const found = RECORDED_MESSAGES.find((message) => message.name === name);
  if (found === undefined) throw new Error(`no message ${name} was recorded`);
  return JSON.parse(JSON.parse(found.body)["oslo.message"]);
}
