// Driver of NEC's ExpEther: servers and PCIe devices connected over Ethernet by its manager (EEM). Contract: drivers,
// section 2.

import { AppError, UpstreamError } from "../errors.ts";
import type {
  Assets,
  Choice,
  DeviceFacts,
  Driver,
  Facts,
  NodeView,
  Operations,
  PodManager,
  PodManagerAccess,
  Provisioning,
  Requirements,
  Status,
  SystemView,
} from "./driver.ts";
import { deviceFrom, nodeFrom, ownersOf, systemFrom } from "./expether-boards.ts";
import { choose } from "./expether-choice.ts";
import { EemClient } from "./expether-client.ts";
import { operationsOf } from "./expether-steps.ts";
import { installedPciNames } from "./pci-names.ts";
import { textOf } from "./redfish/shapes.ts";

export const expether: Driver = { name: "expether", connect: (access) => new ExpEther(access) };

/** Drivers of Ironic that are gone, by what took their place. */
const HARDWARE_TYPES: Readonly<Record<string, string>> = { pxe_ipmitool: "ipmi", agent_ipmitool: "ipmi" };

class ExpEther implements PodManager {
  readonly operations: Operations;
  readonly #access: PodManagerAccess;
  readonly #eem: EemClient;
  #wasOnline = false;

  constructor(access: PodManagerAccess) {
    this.#access = access;
    this.#eem = new EemClient(access);
    this.operations = operationsOf(this.#eem);
  }

  /** Rejects until it was online once: a manager that does not answer, or not to these credentials, is not registered. */
  async status(signal: AbortSignal): Promise<Status> {
    try {
      await this.#eem.version(signal);
      this.#wasOnline = true;
      return "Online";
    } catch (error) {
      signal.throwIfAborted();
      if (this.#wasOnline) {
        this.#access.log("pod manager is offline", { url: this.#access.url, reason: (error as Error).message });
        return "Offline";
      }
      throw this.#unregistrable(error);
    }
  }

  async choose(requirements: Requirements, taken: ReadonlySet<string>, signal: AbortSignal): Promise<Choice> {
    const [servers, devices] = await this.#boards(signal);
    return choose(requirements, taken, servers, devices);
  }

  /** @throws AppError request.invalid: the board is no server's */
  async node(index: string, signal: AbortSignal): Promise<NodeView> {
    const board = await this.#eem.board(index, signal);
    if (board.kind === "server") return nodeFrom(board);
    throw new AppError("request.invalid", `${index}: Not a valid EESV node. It is an I/O board (eeio), a device.`);
  }

  async systems(signal: AbortSignal): Promise<SystemView[]> {
    return (await this.#eem.boards("server", signal)).map(systemFrom);
  }

  async system(id: string, signal: AbortSignal): Promise<SystemView> {
    return systemFrom(await this.#eem.server(id, signal));
  }

  /** It tells nothing of what is in a server; the devices at it are those of `devices`. */
  async assets(systemId: string, signal: AbortSignal): Promise<Assets> {
    await this.#eem.server(systemId, signal);
    return { processors: [], memory: [], interfaces: [], drives: [], accelerators: [] };
  }

  async devices(signal: AbortSignal): Promise<DeviceFacts[]> {
    const [[servers, devices], names] = await Promise.all([this.#boards(signal), installedPciNames()]);
    const owners = ownersOf(servers);
    return devices.map((device) => deviceFrom(device, owners.get(device.group) ?? null, names));
  }

  /** @throws AppError request.invalid: driver_info is not given, or mac is no text */
  async provisioning(index: string, params: Facts, signal: AbortSignal): Promise<Provisioning> {
    const { driver_info: driverInfo, mac = null } = params;
    if (typeof driverInfo !== "object" || driverInfo === null || Array.isArray(driverInfo))
      throw new AppError(
        "request.invalid",
        "driver_info: expected an object, such as {ipmi_address, ipmi_username, ipmi_password}. ExpEther does not know how its servers are managed.",
      );
    if (mac !== null && typeof mac !== "string")
      throw new AppError("request.invalid", "mac: expected the address of the server's network interface, a text");
    await this.#eem.server(index, signal);
    const driver = textOf(params.driver) ?? "ipmi";
    return {
      driver: HARDWARE_TYPES[driver] ?? driver,
      driverInfo: driverInfo as Facts,
      macs: mac === null ? [] : [mac],
    };
  }

  async close(): Promise<void> {
    await this.#eem.close();
  }

  async #boards(signal: AbortSignal) {
    return await Promise.all([this.#eem.boards("server", signal), this.#eem.boards("device", signal)]);
  }

  #unregistrable(error: unknown): unknown {
    if (!(error instanceof AppError)) return error;
    const message = `unable to reach podmanager at url: ${this.#access.url} with error: ${error.message}`;
    if (error instanceof UpstreamError)
      return new UpstreamError(
        "pod-manager.refused",
        { status: error.upstreamStatus, code: error.upstreamCode, title: error.upstreamTitle },
        message,
        { cause: error },
      );
    return new AppError(error.code, message, { cause: error });
  }
}
