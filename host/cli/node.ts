import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { AppError } from "../errors.ts";
import {
  collected,
  given,
  HARDWARE_SECONDS,
  type HardwareApi,
  hardwareCommand,
  segment,
  subcommand,
} from "./hardware.ts";
import { whileShown } from "./node-progress.ts";
import { addProperties, type PropertyFlags, propertiesOf } from "./properties.ts";

interface Flags extends PropertyFlags {
  readonly podManager?: string;
  readonly description?: string;
  readonly flavor?: string;
  readonly explain?: true;
  readonly cached?: true;
  readonly once?: boolean;
  readonly driver?: string;
  readonly driverInfo?: string[];
  readonly driverInfoFile?: string;
  readonly mac?: string;
}

const FIELDS = { UUID: "uuid", NAME: "name", INDEX: "index", "POD MANAGER": "podm_id", PATH: "resource_uri" };

/** `ostro node`: nodes composed of pooled hardware. */
export function addNode(program: Command): void {
  const group = hardwareCommand(program, "node", "Compose nodes of pooled hardware, and change them.");
  addLife(group);
  addActions(group);
  addRegistration(group);
}

function addLife(group: Command): void {
  subcommand<Flags>(group, "list", "list the nodes", async (api, _, { podManager }) => {
    api.showList(await api.list("/v1/nodes", { podm_id: await podManagerId(api, podManager) }), FIELDS);
  }).option("--pod-manager <id>", "only its own, by id or name");
  addProperties(
    subcommand<Flags>(
      group,
      "compose <name>",
      "compose a node; waits until it is assembled",
      async (api, [name], flags) => {
        const { flavor, description, explain } = flags;
        const properties = propertiesOf(flags);
        if (flavor !== undefined && properties !== undefined)
          throw new AppError("config.invalid", "--flavor and options of what the node shall have exclude each other");
        const body = given({
          name,
          description,
          properties,
          flavor_id: flavor === undefined ? undefined : await api.idOf("flavors", flavor),
          podm_id: await podManagerId(api, flags.podManager),
        });
        const path = explain ? "/v1/nodes?explain=1" : "/v1/nodes";
        const { reasons, ...node } = await whileShown(api, `composing ${name}`, async (headers) => {
          return await api.one("POST", path, body, { headers, timeoutSeconds: HARDWARE_SECONDS });
        });
        api.show(explain ? { ...node, reasons } : node);
      },
    )
      .option("--flavor <id>", "as this flavor says, by id or name")
      .option("--pod-manager <id>", "at this one, by id or name (default: where it fits best)")
      .option("--description <text>", "what it is for")
      .option("--explain", "say why this hardware was chosen"),
  );
  subcommand<Flags>(group, "show <node>", "show a node, by id or name", async (api, [node], { cached }) => {
    api.show(await api.one("GET", `/v1/nodes/${segment(node)}${cached ? "?cached=true" : ""}`));
  }).option("--cached", "what is stored, without asking its hardware");
  subcommand<Flags>(
    group,
    "manage <index>",
    "manage a node that a pod manager has already",
    async (api, [index], flags) => {
      const body = given({ node_index: index, podm_id: await podManagerId(api, flags.podManager) });
      api.show(await api.one("POST", "/v1/nodes/manage", body, { timeoutSeconds: 60 }));
    },
  ).option("--pod-manager <id>", "the one that has it, by id or name");
  subcommand(group, "delete <node>", "give the hardware of a node back and forget the node", async (api, [node]) => {
    const answer = await whileShown(api, `deleting ${node}`, async (headers) => {
      return await api.ask("DELETE", `/v1/nodes/${segment(node)}`, undefined, {
        headers,
        timeoutSeconds: HARDWARE_SECONDS,
      });
    });
    api.say(answer, `Node ${node} is deleted.`);
  });
}

function addActions(group: Command): void {
  const act = async (api: HardwareApi, node: string, action: object, doing: string, done: string) => {
    const answer = await whileShown(api, doing, async (headers) => {
      return await api.ask("POST", `/v1/nodes/${segment(node)}/action`, action, {
        headers,
        timeoutSeconds: HARDWARE_SECONDS,
      });
    });
    api.say(answer, done);
  };
  subcommand(
    group,
    "reset <node> <type>",
    "On, ForceOn, ForceOff, GracefulRestart, and what else its hardware takes",
    async (api, [node = "", type]) => {
      await act(api, node, { Reset: { Type: type } }, `resetting ${node}`, `Node ${node}: ${type} is ordered.`);
    },
  );
  subcommand<Flags>(
    group,
    "boot <node> <target>",
    "what it boots from: Pxe, Hdd or None",
    async (api, [node = "", target], { once = false }) => {
      const enabled = once ? "Once" : "Continuous";
      const boot = { Boot: { Enabled: enabled, Target: target } };
      await act(api, node, boot, `setting what ${node} boots from`, `Node ${node} boots from ${target} (${enabled}).`);
    },
  ).option("--once", "only the next time");
  for (const [verb, at, doing] of [
    ["attach", "at", "attaching to"],
    ["detach", "no longer at", "detaching from"],
  ] as const)
    subcommand(
      group,
      `${verb} <node> <device>`,
      `${verb} a device of the pools, by id`,
      async (api, [node = "", id]) => {
        const done = `Device ${id} is ${at} node ${node}.`;
        await act(api, node, { [verb]: { resource_id: id } }, `${doing} ${node}`, done);
      },
    );
}

function addRegistration(group: Command): void {
  subcommand<Flags>(group, "register <node>", "register a node with Ironic", async (api, [node], flags) => {
    const { driver, mac } = flags;
    const body = given({ driver, mac, driver_info: driverInfoOf(flags) });
    api.show(await api.one("POST", `/v1/nodes/${segment(node)}/register`, body, { timeoutSeconds: 120 }));
  })
    .option("--driver <name>", "hardware type of Ironic: redfish, ipmi, …")
    .option("--driver-info <key=value>", "what its driver has to know; may be repeated", collected)
    .option("--driver-info-file <file>", "the same as JSON, for what others must not read on a command line")
    .option("--mac <address>", "of its network interface, where its hardware does not tell");
  subcommand(group, "deregister <node>", "take a node back from Ironic", async (api, [node]) => {
    const answer = await api.ask("DELETE", `/v1/nodes/${segment(node)}/register`, undefined, { timeoutSeconds: 120 });
    api.say(answer, `Node ${node} is no longer registered.`);
  });
}

async function podManagerId(api: HardwareApi, ident: string | undefined): Promise<string | undefined> {
  return ident === undefined ? undefined : await api.idOf("pod_managers", ident);
}

/** Undefined: nothing is given. */
function driverInfoOf({ driverInfo, driverInfoFile }: Flags): object | undefined {
  if (driverInfo === undefined && driverInfoFile === undefined) return undefined;
  const pairs = (driverInfo ?? []).map((pair): [string, string] => {
    const at = pair.indexOf("=");
    if (at < 1) throw new AppError("config.invalid", "--driver-info: expected key=value");
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return { ...(driverInfoFile === undefined ? {} : fromFile(driverInfoFile)), ...Object.fromEntries(pairs) };
}

function fromFile(path: string): object {
  try {
    const json: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return json;
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code;
    if (reason !== undefined)
      throw new AppError("config.invalid", `--driver-info-file ${path}: cannot be read (${reason})`, { cause });
  }
  throw new AppError("config.invalid", `--driver-info-file ${path}: expected a JSON object`);
}
