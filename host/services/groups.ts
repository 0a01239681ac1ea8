import { randomUUID } from "node:crypto";
import {
  deleteGroup,
  deleteMembers,
  describeGroup,
  findGroup,
  type GroupRow,
  insertGroup,
  insertMembers,
  listGroups,
} from "../../db/queries/groups.ts";
import { serversInGroups } from "../../db/queries/inventory.ts";
import type { Db, Store } from "../../db/store.ts";
import { type GroupType, groupKey, LEVELS, type Level } from "../core/model.ts";
import { AppError } from "../errors.ts";
import type { IdentitySource } from "./identity.ts";

export interface GroupView {
  id: string;
  name: string;
  description: string;
  type: GroupType;
  level: Level | null;
  /** Ids of the projects that may use it. */
  members: string[];
}

/** Named groups and the projects that may use them. Groups are found by id, else by name. */
export class GroupService {
  readonly #store: Store;
  readonly #identity: Pick<IdentitySource, "unknownProjects">;

  constructor(store: Store, identity: Pick<IdentitySource, "unknownProjects">) {
    this.#store = store;
    this.#identity = identity;
  }

  async list(): Promise<GroupView[]> {
    return (await this.#store.read(listGroups)).map(viewOf);
  }

  /** @throws AppError group.not-found */
  async find(idOrName: string): Promise<GroupView> {
    return viewOf(await this.#store.read((db) => found(db, idOrName)));
  }

  /** @throws AppError group.duplicate */
  async create(input: { name: string; type: GroupType; level: Level | null; description: string }): Promise<GroupView> {
    const { name, type, level, description } = input;
    const group = { id: randomUUID(), name, description, type, level };
    if (!(await this.#store.read((db) => insertGroup(db, group))))
      throw new AppError("group.duplicate", `A group named ${name} already exists`);
    return { ...group, members: [] };
  }

  /** Without a description nothing changes. */
  async update(idOrName: string, { description }: { description?: string }): Promise<GroupView> {
    return await this.#store.transaction(async (tx) => {
      const group = await found(tx, idOrName);
      if (description === undefined) return viewOf(group);
      await describeGroup(tx, group.id, description);
      return viewOf({ ...group, description });
    });
  }

  /** @throws AppError group.has-members */
  async remove(idOrName: string): Promise<void> {
    const removed = await this.#store.read(async (db) => deleteGroup(db, (await found(db, idOrName)).id));
    if (!removed) throw new AppError("group.has-members", "Unable to delete a Group with members.");
  }

  /** @throws AppError group.unknown-projects when one is unknown, or none is given */
  async addMembers(idOrName: string, projectIds: string[]): Promise<GroupView> {
    const { id } = await this.find(idOrName);
    const wanted = [...new Set(projectIds)];
    const unknown = wanted.length === 0 ? [] : await this.#identity.unknownProjects(wanted);
    if (wanted.length === 0 || unknown.length > 0)
      throw new AppError(
        "group.unknown-projects",
        `Member list contains invalid tenant IDs${unknown.length > 0 ? ` (${unknown.slice(0, 10).join(", ")})` : ": it is empty"}`,
      );
    if (!(await this.#store.read((db) => insertMembers(db, id, wanted)))) throw notFound();
    return await this.find(id);
  }

  async hasMember(idOrName: string, projectId: string): Promise<boolean> {
    return (await this.find(idOrName)).members.includes(projectId);
  }

  /** @throws AppError group.member-missing, group.member-has-servers */
  async removeMember(idOrName: string, projectId: string): Promise<void> {
    await this.#store.transaction(async (tx) => {
      const group = await found(tx, idOrName);
      if (!group.members.includes(projectId)) throw new AppError("group.member-missing", "Member not found in group.");
      await leave(tx, group, [projectId]);
    });
  }

  /** All of them, or none. @throws AppError group.member-has-servers */
  async removeMembers(idOrName: string): Promise<void> {
    await this.#store.transaction(async (tx) => {
      const group = await found(tx, idOrName);
      await leave(tx, group, group.members);
    });
  }
}

async function leave(tx: Db, group: GroupRow, projectIds: readonly string[]): Promise<void> {
  // A group without a level is given one by each assignment.
  const keys = (group.level === null ? LEVELS : [group.level]).map((level) => groupKey({ ...group, level }));
  for (const projectId of projectIds) {
    const servers = await serversInGroups(tx, keys, projectId);
    if (servers.length > 0)
      throw new AppError(
        "group.member-has-servers",
        `Tenant ${projectId} has servers in group ${group.name}: ${servers.join(", ")}`,
      );
  }
  await deleteMembers(tx, group.id, projectIds);
}

async function found(db: Db, idOrName: string): Promise<GroupRow> {
  const group = await findGroup(db, idOrName);
  if (group === undefined) throw notFound();
  return group;
}

function notFound(): AppError {
  return new AppError("group.not-found", "Group not found");
}

function viewOf({ id, name, description, type, level, members }: GroupRow): GroupView {
  return { id, name, description, type, level, members };
}
