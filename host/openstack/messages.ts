import { asObject, type Json, objectAt } from "./message-fields.ts";
import { notificationChanges } from "./message-notifications.ts";
import { rpcChanges } from "./message-rpc.ts";
import type { CloudChange } from "./records.ts";

/** Nova's largest come to some 60 KiB. */
const LARGEST_BYTES = 1024 * 1024;

/**
 * - told: it changes something.
 * - silent: well-formed, and nothing to us.
 * - unreadable: no message of oslo.messaging.
 * - too-large: over 1 MiB, not looked at.
 */
export type Outcome = "told" | "silent" | "unreadable" | "too-large";

export interface Reading {
  readonly outcome: Outcome;
  /** RPC method or event type; null where there was none to read. */
  readonly name: string | null;
  readonly changes: readonly CloudChange[];
}

/**
 * What a message on the bus says of the cloud. Takes oslo.messaging's envelope 2.0 and bare messages, RPC and
 * notifications of both formats; never throws, whatever the bytes are.
 */
export function readMessage(body: Uint8Array, routingKey: string): Reading {
  if (body.byteLength > LARGEST_BYTES) return { outcome: "too-large", name: null, changes: [] };
  const message = unwrap(body);
  const name = message === null ? null : (message.method ?? message.event_type);
  if (message === null || typeof name !== "string") return { outcome: "unreadable", name: null, changes: [] };
  const changes = Object.hasOwn(message, "method")
    ? rpcChanges(name, objectAt(message, "args"), routingKey)
    : notificationChanges(name, message);
  return { outcome: changes.length > 0 ? "told" : "silent", name: name.slice(0, 100), changes };
}

function unwrap(body: Uint8Array): Json | null {
  const outer = parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
  const wrapped = outer?.["oslo.message"];
  if (wrapped === undefined) return outer;
  return typeof wrapped === "string" ? parse(wrapped) : asObject(wrapped);
}

function parse(text: string): Json | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return null;
  }
}
