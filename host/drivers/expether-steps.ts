// How hardware of an ExpEther network is put together and taken apart: a server and devices are connected by being in one
// group. Contract: drivers, sections 2.3, 2.5 and 6.2.

import { AppError } from "../errors.ts";
import type { ComposeFacts, DeviceChange, DeviceFacts, Facts, Operations, Step } from "./driver.ts";
import { type Board, FREE_GROUP, NO_GROUP, noSuchBoard, ownersOf, pathOf } from "./expether-boards.ts";
import { groupPathOf, type Plan } from "./expether-choice.ts";
import type { EemClient } from "./expether-client.ts";
import { lastSegment } from "./redfish/shapes.ts";

/** What the steps leave for those after them. */
interface Seen extends Facts {
  readonly index: string;
  /** Group of the server before; null: the server is gone. */
  readonly serverGroup: string | null;
  /** Group to be in; null: none is needed. */
  readonly group?: string | null;
  /** Ids of devices that are the node's. */
  readonly attached?: readonly string[];
  /** Group of the device before. */
  readonly deviceGroup?: string | null;
}

/** Which devices an operation puts to which server. */
interface Wanted {
  readonly server: string;
  readonly devices: readonly string[];
}

export function operationsOf(eem: EemClient): Operations {
  const compose = attaching(eem, (facts) => (facts as ComposeFacts).choice.plan as Plan);
  const attach = attaching(eem, (facts) => ({ server: String(facts.index), devices: [deviceOf(facts)] }));
  return { compose, attach, detach: detaching(eem), release: releasing(eem) };
}

/** Compose and attach: see the server, give it a group if it has none and needs one, put the devices into it. */
function attaching(eem: EemClient, wantedOf: (facts: Facts) => Wanted): Step[] {
  const see = async (facts: Facts, signal: AbortSignal): Promise<Seen> => {
    const board = await eem.server(wantedOf(facts).server, signal);
    return { index: board.id, resourceUri: pathOf(board.id), serverGroup: board.group };
  };
  return [
    reading("server", see),
    {
      name: "group",
      async run(facts, signal) {
        const { server, devices } = wantedOf(facts);
        if (devices.length === 0) return { group: null };
        const { group } = await eem.board(server, signal);
        return { group: group === NO_GROUP ? await eem.assign(server, null, signal) : group };
      },
      async look(facts, signal) {
        const { server, devices } = wantedOf(facts);
        if (devices.length === 0) return { group: null };
        const { group } = await eem.board(server, signal);
        return group === NO_GROUP ? null : { group };
      },
      async undo(facts, signal) {
        const { serverGroup, group } = facts as Seen;
        if (serverGroup !== NO_GROUP) return;
        const { server } = wantedOf(facts);
        const board = await eem.find(server, signal);
        // Another group than the one we were given is not ours to leave.
        if (board === null || board.group === NO_GROUP || (group && board.group !== group)) return;
        await eem.release(server, signal);
      },
    },
    {
      name: "devices",
      async run(facts, signal) {
        const { server, devices } = wantedOf(facts);
        const group = groupOf(facts);
        if (group === null) return { devices: [] };
        await putIn(eem, server, devices, group, signal);
        return { devices: devices.map((id) => attachedAt(id, server, group)) };
      },
      async look(facts, signal) {
        const { server, devices } = wantedOf(facts);
        const group = groupOf(facts);
        if (group === null) return { devices: [] };
        const there = new Set((await eem.boards("device", signal, group)).map(({ id }) => id));
        return devices.every((id) => there.has(id))
          ? { devices: devices.map((id) => attachedAt(id, server, group)) }
          : null;
      },
      async undo(facts, signal) {
        const group = groupOf(facts);
        if (group !== null) await withdraw(eem, wantedOf(facts).devices, group, signal);
      },
    },
  ];
}

function detaching(eem: EemClient): Step[] {
  return [
    reading("device", async (facts, signal): Promise<Seen> => {
      const [server, device] = [await eem.find(String(facts.index), signal), await eem.board(deviceOf(facts), signal)];
      if (device.kind !== "device") throw notDevice(device.id);
      // A server that is gone has nothing to say any more.
      if (device.group !== FREE_GROUP && server !== null && device.group !== server.group)
        throw new AppError(
          "device.busy",
          `device ${device.id} is in group ${device.group}, not at node ${facts.index} (group ${server.group})`,
        );
      return { index: String(facts.index), serverGroup: server?.group ?? null, deviceGroup: device.group };
    }),
    {
      name: "release",
      async run(facts, signal) {
        if ((facts as Seen).deviceGroup !== FREE_GROUP) await eem.release(deviceOf(facts), signal);
        return { devices: [freed(deviceOf(facts))] };
      },
      async look(facts, signal) {
        const device = await eem.find(deviceOf(facts), signal);
        return device === null || device.group === FREE_GROUP ? { devices: [freed(deviceOf(facts))] } : null;
      },
      async undo(facts, signal) {
        const { deviceGroup = null } = facts as Seen;
        if (deviceGroup === null || deviceGroup === FREE_GROUP) return;
        const device = await eem.find(deviceOf(facts), signal);
        if (device?.group === FREE_GROUP) await eem.assign(device.id, deviceGroup, signal);
      },
    },
  ];
}

/** The devices of the node become free; a group that its server got for us is given back. */
function releasing(eem: EemClient): Step[] {
  return [
    reading("node", async (facts, signal): Promise<Seen> => {
      const index = String(facts.index);
      const [servers, devices] = await Promise.all([eem.boards("server", signal), eem.boards("device", signal)]);
      const owners = ownersOf(servers);
      const server = servers.find(({ id }) => id === index);
      const claimed = new Set(resourcesOf(facts));
      const attached = devices.filter((device) => {
        const owner = owners.get(device.group);
        // What was ours and is at nobody's server lost its own.
        return owner === undefined ? device.group !== FREE_GROUP && claimed.has(pathOf(device.id)) : owner.id === index;
      });
      return { index, serverGroup: server?.group ?? null, attached: attached.map(({ id }) => id) };
    }),
    {
      name: "devices",
      async run(facts, signal) {
        const { attached = [] } = facts as Seen;
        await Promise.all(attached.map((id) => eem.release(id, signal)));
        return { devices: attached.map(freed) };
      },
      async look(facts, signal) {
        const { attached = [] } = facts as Seen;
        const left = (await eem.boards("device", signal)).filter(
          ({ id, group }) => attached.includes(id) && group !== FREE_GROUP,
        );
        return left.length === 0 ? { devices: attached.map(freed) } : null;
      },
      undo: forward,
    },
    {
      name: "group",
      async run(facts, signal) {
        if (givesBack(facts)) await eem.release(String(facts.index), signal);
        return {};
      },
      async look(facts, signal) {
        if (!givesBack(facts)) return {};
        const server = await eem.find(String(facts.index), signal);
        return server === null || server.group === NO_GROUP ? {} : null;
      },
      undo: forward,
    },
  ];
}

/** A step that only reads: nothing can be lost, and nothing is to be taken back. */
function reading(name: string, see: (facts: Facts, signal: AbortSignal) => Promise<Facts>): Step {
  return { name, run: see, look: see, undo: forward };
}

async function forward(): Promise<void> {}

/** @throws AppError device.busy: one is elsewhere, or the server has no place */
async function putIn(
  eem: EemClient,
  server: string,
  devices: readonly string[],
  group: string,
  signal: AbortSignal,
): Promise<void> {
  const [all, { mostDevices }] = await Promise.all([eem.boards("device", signal), eem.board(server, signal)]);
  const boards = devices.map((id) => {
    const board = all.find((device) => device.id === id);
    if (board === undefined) throw notDevice(id);
    return board;
  });
  const elsewhere = boards.find((board) => board.group !== FREE_GROUP && board.group !== group);
  if (elsewhere)
    throw new AppError(
      "device.busy",
      `device ${elsewhere.id} is already assigned to a different node (group ${elsewhere.group}). Detach it there first.`,
    );
  const missing = boards.filter((board) => board.group !== group);
  const attached = all.filter((device) => device.group === group).length;
  if (attached + missing.length > mostDevices)
    throw new AppError(
      "device.busy",
      `node ${server} already has ${attached} of at most ${mostDevices} devices, ${missing.length} more cannot be attached. Detach one first.`,
    );
  for (const { id } of missing) await eem.assign(id, group, signal);
}

/** Those of the devices that are in the group become free. */
async function withdraw(eem: EemClient, devices: readonly string[], group: string, signal: AbortSignal): Promise<void> {
  const there = (await eem.boards("device", signal, group)).filter(({ id }: Board) => devices.includes(id));
  for (const { id } of there) await eem.release(id, signal);
}

function groupOf(facts: Facts): string | null {
  return (facts as Seen).group ?? null;
}

function givesBack(facts: Facts): boolean {
  const { index, serverGroup } = facts as Seen;
  return serverGroup !== null && serverGroup !== NO_GROUP && resourcesOf(facts).includes(groupPathOf(index));
}

function resourcesOf(facts: Facts): readonly string[] {
  return Array.isArray(facts.resources) ? facts.resources.map(String) : [];
}

/** Id of the device of an attach or a detach. */
function deviceOf(facts: Facts): string {
  return lastSegment((facts.device as DeviceFacts).resourceUri);
}

function attachedAt(id: string, server: string, group: string): DeviceChange {
  return { resourceUri: pathOf(id), state: "allocated", nodeIndex: server, pooledGroupId: group };
}

function freed(id: string): DeviceChange {
  return { resourceUri: pathOf(id), state: "free", nodeIndex: null, pooledGroupId: FREE_GROUP };
}

function notDevice(id: string): AppError {
  return noSuchBoard(`${id}: Not a device. There is no I/O board (eeio) of this id`);
}
