// How simulated blocks become systems and are given back: as strict as the standard allows. Source: DMTF DSP2050.

import { createHash } from "node:crypto";
import type { Agenda } from "./base/agenda.ts";
import { type Json, Refusal } from "./base/answer.ts";
import type { PowerState } from "./base/power.ts";
import type { SimBlock, SimBlockType } from "./redfish-blocks.ts";

export interface SimSystem {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly uuid: string;
  /** Physical: a machine of its own, to which blocks are added. */
  readonly type: "Composed" | "Physical";
  power: PowerState;
  state: "Starting" | "Enabled";
  boot: { enabled: string; target: string };
  /** Ids. */
  blocks: string[];
}

export interface Reservation {
  readonly id: string;
  readonly client: string;
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly blocks: readonly string[];
  readonly manifest: Json;
}

/** What outlives the process. */
export interface CompositionState {
  readonly blocks: SimBlock[];
  readonly systems: SimSystem[];
  readonly reservations: Reservation[];
}

export interface CompositionRules {
  /** How long blocks are Composing; 0: not at all. */
  readonly composeMs: number;
  /** How many blocks of a type a system must and may have. */
  readonly least: Partial<Record<SimBlockType, number>>;
  readonly most: Partial<Record<SimBlockType, number>>;
  /** A system that is On can be decomposed. */
  readonly decomposesPoweredOn: boolean;
  /** Says that it did, and does nothing. */
  readonly lies: boolean;
}

export class Composition {
  readonly state: CompositionState;
  readonly rules: CompositionRules;
  readonly #changed: (path: string, what: string) => void;
  readonly #blocks: ReadonlyMap<string, SimBlock>;
  #agenda: Agenda | null = null;

  constructor(state: CompositionState, rules: CompositionRules, changed: (path: string, what: string) => void) {
    this.state = state;
    this.rules = rules;
    this.#changed = changed;
    this.#blocks = new Map(state.blocks.map((block) => [block.id, block]));
  }

  /** What composing takes time for ends on it. */
  endOn(agenda: Agenda): void {
    this.#agenda = agenda;
  }

  block(id: string): SimBlock | undefined {
    return this.#blocks.get(id);
  }

  system(id: string): SimSystem | undefined {
    return this.state.systems.find((system) => system.id === id);
  }

  /**
   * A system of these blocks.
   * @param reservation whose blocks may be taken as well
   * @throws Refusal
   */
  compose(name: string, description: string, ids: readonly string[], reservation: string | null = null): SimSystem {
    const blocks = this.checked(ids, reservation);
    this.checkLimits(blocks);
    const system: SimSystem = {
      id: this.#freeId(),
      name,
      description,
      uuid: uuidOf(name),
      type: "Composed",
      power: "Off",
      state: "Enabled",
      boot: { enabled: "Disabled", target: "None" },
      blocks: [],
    };
    if (this.rules.lies) return system;
    this.state.systems.push(system);
    this.#join(system, blocks);
    return system;
  }

  /** Blocks that can be had, in one zone. @throws Refusal */
  checked(ids: readonly string[], reservation: string | null): SimBlock[] {
    if (ids.length === 0 || new Set(ids).size !== ids.length)
      throw new Refusal(400, "Links.ResourceBlocks must name blocks, each once", {
        code: "Base.1.8.PropertyValueError",
      });
    const blocks = ids.map((id) => {
      const block = this.block(id);
      if (block === undefined)
        throw new Refusal(400, `Resource block '${id}' was not found.`, {
          code: "Composition.1.1.ResourceBlockNotFound",
        });
      return block;
    });
    for (const block of blocks) this.#checkFree(block, reservation);
    if (new Set(blocks.map(({ zone }) => zone)).size > 1)
      throw new Refusal(400, "The requested resource blocks span multiple resource zones.", {
        code: "Composition.1.1.IncompatibleZone",
      });
    return blocks;
  }

  /** @throws Refusal 400 */
  checkLimits(blocks: readonly SimBlock[]): void {
    const count = (type: string) => blocks.filter(({ types }) => types.includes(type as SimBlockType)).length;
    for (const [type, least] of Object.entries(this.rules.least))
      if (count(type) < least) throw new Refusal(400, `A system needs ${least} ${type} blocks, got ${count(type)}`);
    for (const [type, most] of Object.entries(this.rules.most))
      if (count(type) > most) throw new Refusal(400, `A system takes ${most} ${type} blocks, got ${count(type)}`);
  }

  /** @throws Refusal 409 */
  decompose(system: SimSystem): void {
    if (system.type === "Physical") throw new Refusal(405, `System '${system.id}' was not composed.`);
    if (system.power !== "Off" && !this.rules.decomposesPoweredOn)
      throw new Refusal(409, `System '${system.id}' is powered on.`, { code: "Base.1.8.ResourceInUse" });
    if (this.rules.lies) return;
    for (const id of system.blocks) this.#part(this.block(id)!, system);
    this.state.systems.splice(this.state.systems.indexOf(system), 1);
    this.#agenda?.cancel("composed", system.id);
    this.#changed(`/redfish/v1/Systems/${system.id}`, "ResourceRemoved");
  }

  /** @throws Refusal */
  add(system: SimSystem, id: string): void {
    const [first] = system.blocks;
    const blocks = this.checked([id], null);
    if (first !== undefined && blocks[0]!.zone !== this.block(first)?.zone)
      throw new Refusal(400, "The requested resource blocks span multiple resource zones.", {
        code: "Composition.1.1.IncompatibleZone",
      });
    if (!this.rules.lies) this.#join(system, blocks);
  }

  /** @throws Refusal */
  remove(system: SimSystem, id: string): void {
    const block = this.block(id);
    if (block === undefined || !system.blocks.includes(id) || block.machine === system.id)
      throw new Refusal(400, `Resource block '${id}' is not valid.`, { code: "Composition.1.1.ResourceBlockInvalid" });
    if (this.rules.lies) return;
    system.blocks = system.blocks.filter((own) => own !== id);
    this.#part(block, system);
  }

  /** What is Composing is composed now. */
  composed(systemId: string): void {
    const system = this.system(systemId);
    if (system === undefined) return;
    system.state = "Enabled";
    for (const id of system.blocks) this.#settle(this.block(id)!);
  }

  /** Holds blocks for who knows the id of the reservation. */
  reserve(ids: readonly string[], client: string, manifest: Json, until: number): Reservation {
    for (const block of this.checked(ids, null)) if (block.systems.length === 0) block.reserved = true;
    const taken = new Set(this.state.reservations.map(({ id }) => id));
    let number = 1;
    while (taken.has(String(number))) number++;
    const reservation = { id: String(number), client, until, blocks: [...ids], manifest };
    for (const id of ids) this.block(id)!.reservation = reservation.id;
    this.state.reservations.push(reservation);
    return reservation;
  }

  /** Nothing when it is gone already. */
  endReservation(id: string): void {
    const at = this.state.reservations.findIndex((reservation) => reservation.id === id);
    if (at < 0) return;
    const [reservation] = this.state.reservations.splice(at, 1);
    for (const block of this.state.blocks)
      if (block.reservation === reservation!.id) {
        block.reservation = null;
        block.reserved = false;
      }
  }

  #checkFree(block: SimBlock, reservation: string | null): void {
    if (block.reservation !== null && block.reservation !== reservation)
      throw new Refusal(
        409,
        `Resource block '${block.id}' is already reserved under reservation '${block.reservation}'.`,
        { code: "Composition.1.1.SpecifiedResourceAlreadyReserved" },
      );
    const isFree =
      block.state === "Unused" || (block.state === "ComposedAndAvailable" && block.systems.length < block.most);
    if (!isFree || block.health === "Critical" || block.machine !== null)
      throw new Refusal(409, `Resource block '${block.id}' cannot be part of any new compositions.`, {
        code: "Composition.1.1.ResourceBlockInUse",
      });
  }

  #join(system: SimSystem, blocks: readonly SimBlock[]): void {
    system.blocks = [...system.blocks, ...blocks.map(({ id }) => id)];
    for (const block of blocks) {
      block.systems.push(system.id);
      if (this.rules.composeMs > 0) block.state = "Composing";
      else this.#settle(block);
      this.#changed(`/redfish/v1/CompositionService/ResourceBlocks/${block.id}`, "ResourceUpdated");
    }
    this.#changed(`/redfish/v1/Systems/${system.id}`, "ResourceAdded");
    if (this.rules.composeMs === 0) return;
    system.state = "Starting";
    this.#agenda?.add("composed", system.id, this.rules.composeMs);
  }

  #part(block: SimBlock, system: SimSystem): void {
    block.systems = block.systems.filter((id) => id !== system.id);
    this.#settle(block);
    this.#changed(`/redfish/v1/CompositionService/ResourceBlocks/${block.id}`, "ResourceUpdated");
  }

  #settle(block: SimBlock): void {
    if (block.state === "Failed" || block.state === "Unavailable") return;
    block.state =
      block.systems.length === 0 ? "Unused" : block.systems.length < block.most ? "ComposedAndAvailable" : "Composed";
  }

  /** Ids are used again, as some services do. */
  #freeId(): string {
    for (let number = 1; ; number++) {
      const id = `System-${number}`;
      if (this.system(id) === undefined) return id;
    }
  }
}

/** Equal names have equal UUIDs. */
export function uuidOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
