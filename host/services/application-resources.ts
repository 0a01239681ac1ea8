// The resources of a stack by key, by name, and what a volume stands for.

import { fault, isObject, quote, quoteSome } from "./application-fault.ts";

/** One resource as Heat's plugins send it, its top-level keys in lower case. */
export interface StackResource {
  name?: string;
  type: string;
  properties?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  resourceId?: string;
  locations?: string[];
}

export const SERVER = "OS::Nova::Server";
export const SERVER_GROUP = "OS::Nova::ServerGroup";
export const ASSIGNMENT_2017 = "ATT::Valet::GroupAssignment";
export const ASSIGNMENT_2018 = "OS::Valet::GroupAssignment";
export const VOLUME = "OS::Cinder::Volume";
export const ATTACHMENT = "OS::Cinder::VolumeAttachment";

/** Types that a group can hold: their names are looked up before those of ports, networks and the like. */
const PLACED = new Set([SERVER, SERVER_GROUP, ASSIGNMENT_2017, ASSIGNMENT_2018, VOLUME]);

/** Keys and names go into paths, columns and indexes. */
const LONGEST_NAME = 255;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Looks resources up by key, or by the name Heat gave them. */
export class Resources {
  readonly #byKey: ReadonlyMap<string, StackResource>;
  /** Name -> key, or all keys where the name is not unique. */
  readonly #byName = new Map<string, string | string[]>();
  #serverOfVolume: ReadonlyMap<string, string> | undefined;

  /** @throws AppError application.invalid for keys that cannot be stored or addressed. */
  constructor(resources: Record<string, StackResource>) {
    const entries = Object.entries(resources);
    for (const [key, resource] of entries) {
      checkText(key, "key", key);
      if (key === "__proto__") throw fault(key, "key", "is a reserved word; use another orchestration id");
      if (resource.name !== undefined) checkText(key, "name", resource.name);
    }
    this.#byKey = new Map(entries);
    for (const placed of [true, false]) {
      const names = new Map<string, string | string[]>();
      for (const [key, resource] of entries) {
        if (resource.name === undefined || PLACED.has(resource.type) !== placed) continue;
        const known = names.get(resource.name);
        if (known === undefined) names.set(resource.name, key);
        else if (typeof known === "string") names.set(resource.name, [known, key]);
        else known.push(key);
      }
      for (const [name, keys] of names) if (!this.#byName.has(name)) this.#byName.set(name, keys);
    }
  }

  entries(): Iterable<[string, StackResource]> {
    return this.#byKey.entries();
  }

  get(key: string): StackResource | undefined {
    return this.#byKey.get(key);
  }

  /**
   * The key that a reference means: a key stays, a unique name becomes its key, undefined when it is neither.
   * @param holder the resource and field the reference stands in, for the message
   */
  keyOf(reference: string, holder: string, field: string): string | undefined {
    if (this.#byKey.has(reference)) return reference;
    const keys = this.#byName.get(reference);
    if (keys === undefined || typeof keys === "string") return keys;
    const text = `${quote(reference)} is the name of ${keys.length} resources (${quoteSome(keys)}); use the key of one`;
    throw fault(holder, field, text);
  }

  /** The server that a volume is attached to, by an attachment or by the server's block devices; undefined: none. */
  serverOf(volume: string): string | undefined {
    this.#serverOfVolume ??= this.#attachments();
    return this.#serverOfVolume.get(volume);
  }

  /** The server that runs where the resource is: itself, a volume's or an attachment's; undefined: none of the stack. */
  serverAt(key: string): string | undefined {
    const { type, properties = {} } = this.#byKey.get(key)!;
    if (type !== ATTACHMENT) return type === SERVER ? key : this.serverOf(key);
    const server = this.#target(properties.instance_uuid, key, "properties.instance_uuid");
    return server !== undefined && this.#byKey.get(server)?.type === SERVER ? server : undefined;
  }

  #attachments(): Map<string, string> {
    const serverOf = new Map<string, string>();
    const attach = (holder: string, volume: unknown, server: unknown) => {
      const volumeKey = this.#target(volume, holder, "properties.volume_id");
      const serverKey = this.#target(server, holder, "properties.instance_uuid");
      if (volumeKey === undefined || serverKey === undefined) return;
      if (this.#byKey.get(serverKey)?.type === SERVER && !serverOf.has(volumeKey)) serverOf.set(volumeKey, serverKey);
    };
    for (const [key, { type, properties = {} }] of this.#byKey) {
      if (type === ATTACHMENT) attach(key, properties.volume_id, properties.instance_uuid);
      if (type !== SERVER) continue;
      for (const field of ["block_device_mapping", "block_device_mapping_v2"]) {
        const devices = properties[field];
        if (Array.isArray(devices))
          for (const device of devices) if (isObject(device)) attach(key, device.volume_id, key);
      }
    }
    return serverOf;
  }

  #target(value: unknown, holder: string, field: string): string | undefined {
    const reference = referenceOf(value);
    return reference === undefined ? undefined : this.keyOf(reference, holder, field);
  }
}

/** `"x"`, `{get_resource: "x"}` and `{Ref: "x"}` all mean x; undefined for anything else. */
export function referenceOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!isObject(value) || Object.keys(value).length !== 1) return undefined;
  const inner = value.get_resource ?? value.Ref;
  return typeof inner === "string" ? inner : undefined;
}

function checkText(key: string, field: string, text: string): void {
  if (text === "") throw fault(key, field, "is empty");
  if (text.length > LONGEST_NAME)
    throw fault(key, field, `has ${text.length} characters, at most ${LONGEST_NAME} are kept`);
  if (text.includes("\0") || LONE_SURROGATE.test(text))
    throw fault(key, field, `${quote(text)} holds a character no text may hold`);
}
