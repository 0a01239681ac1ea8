// A simulated ExpEther manager (EEM), with boards that really are in one group or another. Contract: drivers, section 2.

import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createSim, type Sim, type SimEnv, type SimOptions } from "./base/sim.ts";
import { StateFile } from "./base/state-file.ts";
import { type Board, Boards, DEFAULT_GROUP, EemRefusal, madeBoards } from "./eem-boards.ts";

export interface EemSimOptions extends SimOptions {
  /** Boards of servers, in turn 40G and 10G; default 4. */
  readonly servers?: number;
  /** I/O boards, of each type in turn; default 20. */
  readonly devices?: number;
  /** These instead of made ones. */
  readonly boards?: readonly Board[];
  /** Group numbers it gives out, both inclusive; default 1 to 4000. */
  readonly groups?: readonly [first: number, last: number];
  /** Where the boards are kept beyond this process; default nowhere. */
  readonly stateFile?: string;
}

export interface EemSim extends Sim {
  readonly boards: Boards;
  /** All that the hardware is, without the times of change. */
  snapshot(): unknown;
}

/** Where its API is, below the address it listens at. */
export const EEM_PATH = "/eem";

export function createEemSim(options: EemSimOptions = {}): EemSim {
  const { servers = 4, devices = 20, groups = [1, 4000], stateFile } = options;
  const sim = createSim(options, {
    refuse: (context) => context.json({ code: "40100", message: "Invalid credentials passed" }, 401),
  });
  const now = () => sim.clock.now();
  const made = options.boards ?? madeBoards({ servers, devices }, now());
  const file =
    stateFile === undefined ? null : new StateFile<Board[]>(stateFile, `eem ${made.map(({ id }) => id).join(" ")}`);
  const boards = new Boards(file?.load() ?? made, { groups, now });
  const save = () => file?.save([...boards.all]);
  addPaths(sim, boards, save);
  return {
    ...sim,
    boards,
    snapshot: () => boards.all.map(({ update_time: _, ...board }) => structuredClone(board)),
  };
}

function addPaths({ app, clock }: Sim, boards: Boards, save: () => void): void {
  const timestamp = () => String(clock.now());
  const list = (context: Context<SimEnv>): Board[] =>
    boards.list({ status: context.req.query("status"), groupId: context.req.query("group_id") });
  const id = (context: Context<SimEnv>) => context.req.param("id") ?? "";

  // Cables are pulled by people, on loopback only, as faults are ordered.
  app.put("/sim/boards/:id/:link{up|down}", (context) => {
    boards.link(id(context), context.req.param("link") === "up" ? "up" : "down");
    save();
    return context.body(null, 204);
  });
  app.get(`${EEM_PATH}/api_version`, (context) => context.json({ version: "v1.0", timestamp: timestamp() }));
  app.get(`${EEM_PATH}/devices`, (context) =>
    context.json({ devices: list(context).map(({ id, status }) => ({ id, status })), timestamp: timestamp() }),
  );
  app.get(`${EEM_PATH}/devices/detail`, (context) => context.json({ devices: list(context), timestamp: timestamp() }));
  app.get(`${EEM_PATH}/devices/:id`, (context) =>
    context.json({ device: boards.find(id(context)), timestamp: timestamp() }),
  );
  app.put(`${EEM_PATH}/devices/:id/group_id`, bodyLimit({ maxSize: 64 * 1024 }), async (context) => {
    const body: unknown = await context.req.json().catch(() => undefined);
    const groupId = groupFrom(body, boards.find(id(context)));
    const board = boards.assign(id(context), groupId);
    save();
    return context.json({ group_id: board.group_id, timestamp: timestamp() });
  });
  app.delete(`${EEM_PATH}/devices/:id/group_id`, (context) => {
    boards.release(id(context));
    save();
    return context.json({ timestamp: timestamp() });
  });
  app.notFound((context) => context.json({ code: "40401", message: `No such path: ${context.req.path}` }, 404));
  app.onError((error, context) => {
    if (error instanceof EemRefusal) return context.json({ code: error.code, message: error.message }, error.status);
    const message = error instanceof Error ? error.message : String(error);
    return context.json({ code: "50000", message }, 500);
  });
}

/** @throws EemRefusal 400 */
function groupFrom(body: unknown, { status }: Board): string | null {
  const given = (body as { group_id?: unknown } | null | undefined)?.group_id;
  if (given === null) return null;
  const number = typeof given === "string" && /^[0-9]{1,4}$/.test(given) ? Number(given) : 0;
  const reserved = number > 4094 || String(number) === DEFAULT_GROUP[status === "eesv" ? "eeio" : "eesv"];
  if (number < 1 || reserved || String(number) !== given)
    throw new EemRefusal(400, "40000", `Invalid group_id: ${JSON.stringify(given)?.slice(0, 80)}`);
  return given;
}
