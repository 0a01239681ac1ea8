import { randomUUID } from "node:crypto";
import {
  deleteHardwareFlavor,
  findHardwareFlavor,
  type HardwareFlavorRow,
  insertHardwareFlavor,
  listHardwareFlavors,
  updateHardwareFlavor,
} from "../../../db/queries/hardware-flavors.ts";
import type { Store } from "../../../db/store.ts";
import { AppError } from "../../errors.ts";

export interface HardwareFlavorView {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  /** By the names of the API: `{"memory": {"capacity_mib": "8192"}}`. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Descriptions of nodes to compose, by id; names need not be unique. */
export class HardwareFlavorService {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** In order of creation. */
  async list(filter: { readonly name?: string } = {}): Promise<HardwareFlavorView[]> {
    return (await this.#store.read((db) => listHardwareFlavors(db, filter))).map(viewOf);
  }

  /** @throws AppError flavor.not-found */
  async find(id: string): Promise<HardwareFlavorView> {
    return viewOf((await this.#store.read((db) => findHardwareFlavor(db, id))) ?? missing(id));
  }

  async create(input: {
    readonly name: string;
    readonly description?: string | null;
    readonly properties: Readonly<Record<string, unknown>>;
  }): Promise<HardwareFlavorView> {
    const now = new Date();
    const { name, description = null, properties } = input;
    const row = { id: randomUUID(), name, description, properties, createdAt: now, updatedAt: now };
    await this.#store.read((db) => insertHardwareFlavor(db, row));
    return viewOf(row);
  }

  /** What is given replaces the old, `properties` as a whole. @throws AppError flavor.not-found */
  async update(
    id: string,
    patch: {
      readonly name?: string;
      readonly description?: string | null;
      readonly properties?: Readonly<Record<string, unknown>>;
    },
  ): Promise<HardwareFlavorView> {
    const values = { ...patch, updatedAt: new Date() };
    return viewOf((await this.#store.read((db) => updateHardwareFlavor(db, id, values))) ?? missing(id));
  }

  /** @throws AppError flavor.not-found */
  async remove(id: string): Promise<void> {
    if (!(await this.#store.read((db) => deleteHardwareFlavor(db, id)))) missing(id);
  }
}

function missing(id: string): never {
  throw new AppError("flavor.not-found", `Flavor ${id} not found`);
}

function viewOf({ id, name, description, properties, createdAt, updatedAt }: HardwareFlavorRow): HardwareFlavorView {
  return { id, name, description, properties, createdAt, updatedAt };
}
