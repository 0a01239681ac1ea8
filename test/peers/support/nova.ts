// Servers of Nova, and what is done with them.
import { admin, env, Hopeless, type User, until } from "./cloud.ts";

export interface Wanted {
  readonly name: string;
  /** Name; default m1.tiny. */
  readonly flavor?: string;
  readonly zone?: string;
  /** Id of a server group. */
  readonly group?: string;
  readonly hints?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly count?: number;
}

/** As an admin sees it. */
export interface NovaServer {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  /** Null: it has none. */
  readonly host: string | null;
  readonly vcpus: number;
  readonly ramMiB: number;
  readonly diskGiB: number;
  /** Null: all is well. */
  readonly fault: string | null;
}

/** Flavors by name -> id, as up-nova.sh makes them. */
const FLAVORS: Readonly<Record<string, string>> = { "m1.tiny": "1", "m1.small": "2", "m1.nano": "3" };
let image: Promise<string> | null = null;

function imageId(): Promise<string> {
  image ??= admin.call("GET", `${env.GLANCE_URL}/v2/images?name=tiny`).then(({ images }) => images[0].id);
  return image;
}

/** Asks for servers, and gives their ids as soon as Nova has them. */
export async function boot(user: User, wanted: Wanted): Promise<string[]> {
  const { name, flavor = "m1.tiny", zone, group, hints, metadata, count = 1 } = wanted;
  const server = {
    name,
    flavorRef: FLAVORS[flavor],
    imageRef: await imageId(),
    networks: "none",
    ...(zone ? { availability_zone: zone } : {}),
    ...(metadata ? { metadata } : {}),
    ...(count > 1 ? { min_count: count, max_count: count } : {}),
  };
  const allHints = { ...hints, ...(group ? { group } : {}) };
  const answer = await user.call("POST", `${env.NOVA_URL}/servers`, { server, "os:scheduler_hints": allHints });
  if (count === 1) return [answer.server.id];
  return await until(`${count} servers ${name}`, 60, async () => {
    const named = (await servers()).filter((each) => each.name.startsWith(name));
    return named.length === count && named.map(({ id }) => id);
  });
}

/** All servers of all projects. */
export async function servers(): Promise<NovaServer[]> {
  const { servers } = await admin.call("GET", `${env.NOVA_URL}/servers/detail?all_tenants=1`);
  return servers.map(serverOf);
}

/** Null: there is none. */
export async function server(id: string): Promise<NovaServer | null> {
  const { status, body } = await admin.ask("GET", `${env.NOVA_URL}/servers/${id}`);
  return status === 200 ? serverOf(body.server) : null;
}

// biome-ignore lint/suspicious/noExplicitAny: the body of Nova
function serverOf(body: any): NovaServer {
  return {
    id: body.id,
    name: body.name,
    status: body.status,
    host: body["OS-EXT-SRV-ATTR:host"],
    vcpus: body.flavor.vcpus,
    ramMiB: body.flavor.ram,
    diskGiB: body.flavor.disk + body.flavor.ephemeral,
    fault: body.fault?.message ?? null,
  };
}

/** The server once it is in that state (`ACTIVE`, `VERIFY_RESIZE`, …), and on another host than `from` if that is told. */
export async function reaches(id: string, status: string, from?: string | null): Promise<NovaServer> {
  return await until(`server ${id} ${status}`, 180, async () => {
    const now = await server(id);
    if (now?.status === "ERROR" && status !== "ERROR") throw new Hopeless(`server ${id} failed: ${now.fault}`);
    return now !== null && now.status === status && (from === undefined || now.host !== from) && now;
  });
}

/** The servers once all of them run. */
export async function running(ids: readonly string[]): Promise<NovaServer[]> {
  return await Promise.all(ids.map((id) => reaches(id, "ACTIVE")));
}

/** `action` on a server by an admin, e.g. `act(id, { resize: { flavorRef: "2" } })`. */
export async function act(id: string, action: Readonly<Record<string, unknown>>): Promise<void> {
  await admin.call("POST", `${env.NOVA_URL}/servers/${id}/action`, action);
}

/** Deletes the servers and waits until they are gone. */
export async function remove(ids: readonly string[]): Promise<void> {
  for (const id of ids) await admin.ask("DELETE", `${env.NOVA_URL}/servers/${id}`);
  await until("all deleted", 180, async () => (await Promise.all(ids.map(server))).every((each) => each === null));
}

/** Makes a server group and gives its id. */
export async function serverGroup(user: User, name: string, policy: string): Promise<string> {
  const { server_group } = await user.call("POST", `${env.NOVA_URL}/os-server-groups`, {
    server_group: { name, policy },
  });
  return server_group.id;
}
