// A pod of hardware in memory and a driver for it, as a third party would write one: systems, and devices in a pool.
import type {
  ComposeFacts,
  DeviceChange,
  DeviceFacts,
  Driver,
  Facts,
  NodeView,
  PodManager,
  Requirements,
  Status,
  Step,
} from "../../host/drivers/driver.ts";
import { AppError, UpstreamError } from "../../host/errors.ts";

/**
 * What becomes of an order. refuse: the pod manager says no; drop: nothing answers, and nothing was done; lose: it is done,
 * but the answer is lost; a function: waited for before it is done.
 */
export type Fault = "refuse" | "drop" | "lose" | (() => Promise<void>);

interface Node {
  readonly name: string;
  readonly system: string;
  assembled: boolean;
}

export class MemoryHardware {
  /** Path -> number of cores. */
  readonly systems = new Map<string, number>();
  /** Path -> index of the node it is at. */
  readonly devices = new Map<string, string | null>();
  readonly nodes = new Map<string, Node>();
  /** Everything that was ordered and done, in order: `allocate n1`. */
  readonly done: string[] = [];
  /** Nothing answers. */
  unreachable = false;
  /** Requirements it says it knows nothing of. */
  unknown: readonly string[] = [];
  #faults: { readonly order: RegExp; readonly fault: Fault }[] = [];
  /** Of the node that was made last; the next one has the index after it. */
  latest = 0;

  constructor({ systems = 4, devices = 4 }: { systems?: number; devices?: number } = {}) {
    for (let at = 1; at <= systems; at++) this.systems.set(`systems/${at}`, 8 * at);
    for (let at = 1; at <= devices; at++) this.devices.set(`devices/${at}`, null);
  }

  /** The next order of this form goes wrong; later ones do not. */
  fault(order: RegExp, fault: Fault): void {
    this.#faults.push({ order, fault });
  }

  freeSystems(): string[] {
    const used = new Set([...this.nodes.values()].map(({ system }) => system));
    return [...this.systems.keys()].filter((path) => !used.has(path));
  }

  /** Everything that matters, to be compared. */
  snapshot(): unknown {
    return structuredClone({ devices: [...this.devices], nodes: [...this.nodes] });
  }

  async allocate(name: string, system: string): Promise<string> {
    return await this.#order(`allocate ${name}`, () => {
      if (!this.freeSystems().includes(system)) throw conflict(`${system} is in use`);
      const index = `n${++this.latest}`;
      this.nodes.set(index, { name, system, assembled: false });
      return index;
    });
  }

  async assemble(index: string): Promise<void> {
    await this.#order(`assemble ${index}`, () => {
      this.#node(index).assembled = true;
    });
  }

  async remove(index: string): Promise<void> {
    await this.#order(`remove ${index}`, () => {
      this.#node(index);
      if ([...this.devices.values()].includes(index)) throw conflict(`${index} has devices`);
      this.nodes.delete(index);
    });
  }

  async plug(device: string, index: string): Promise<void> {
    await this.#order(`plug ${device} ${index}`, () => {
      this.#node(index);
      if (this.devices.get(device) !== null) throw conflict(`${device} is in use`);
      this.devices.set(device, index);
    });
  }

  async unplug(device: string): Promise<void> {
    await this.#order(`unplug ${device}`, () => {
      this.devices.set(device, null);
    });
  }

  /** Nodes with what was asked of them; every question may go wrong as an order does. */
  async ask<T>(read: () => T): Promise<T> {
    return await this.#order("ask", read);
  }

  #node(index: string): Node {
    const node = this.nodes.get(index);
    if (node === undefined)
      throw new UpstreamError("pod-manager.refused", { status: 404 }, `there is no node ${index}`);
    return node;
  }

  async #order<T>(order: string, act: () => T): Promise<T> {
    await Promise.resolve();
    if (this.unreachable) throw lost();
    const at = this.#faults.findIndex((fault) => fault.order.test(order));
    const fault = at < 0 ? undefined : this.#faults.splice(at, 1)[0]!.fault;
    if (fault === "drop") throw lost();
    if (fault === "refuse") throw conflict(`${order} is refused`);
    if (typeof fault === "function") await fault();
    const result = act();
    if (order !== "ask") this.done.push(order);
    if (fault === "lose") throw lost();
    return result;
  }
}

function lost(): AppError {
  return new AppError("pod-manager.unreachable", "the connection was reset");
}

function conflict(message: string): UpstreamError {
  return new UpstreamError("pod-manager.refused", { status: 409, code: "Memory.Conflict", title: "Conflict" }, message);
}

/** A driver for one pod, whatever the URL. */
export function memoryDriver(hardware: MemoryHardware | ((url: string) => MemoryHardware)): Driver {
  return {
    name: "memory",
    connect: ({ url }) => new MemoryPodManager(typeof hardware === "function" ? hardware(url) : hardware),
  };
}

interface Plan extends Facts {
  readonly system: string;
  readonly devices: readonly string[];
}

class MemoryPodManager implements PodManager {
  readonly #pod: MemoryHardware;

  constructor(pod: MemoryHardware) {
    this.#pod = pod;
  }

  async status(): Promise<Status> {
    return this.#pod.unreachable ? "Offline" : "Online";
  }

  async choose({ processor, pciDevices = [] }: Requirements, taken: ReadonlySet<string>) {
    return await this.#pod.ask(() => {
      const cores = processor?.totalCores ?? 0;
      const fit = this.#pod
        .freeSystems()
        .filter((path) => !taken.has(path) && this.#pod.systems.get(path)! >= cores)
        .sort((a, b) => this.#pod.systems.get(a)! - this.#pod.systems.get(b)!);
      const free = [...this.#pod.devices].filter(([path, at]) => at === null && !taken.has(path)).map(([path]) => path);
      const [system] = fit;
      if (system === undefined) throw new AppError("pod-manager.no-fit", `no free system has ${cores} cores`);
      if (free.length < pciDevices.length) throw new AppError("pod-manager.no-fit", "not enough free devices");
      const devices = free.slice(0, pciDevices.length);
      const wasteBp = Math.round((1 - cores / this.#pod.systems.get(system)!) * 10_000);
      return {
        resources: [system, ...devices],
        cost: { zonesBroken: 0, racks: 0, resources: 1 + devices.length, wasteBp },
        unknown: this.#pod.unknown,
        reasons: [`${system} is the smallest with ${cores} cores`],
        plan: { system, devices } satisfies Plan,
      };
    });
  }

  readonly operations = {
    compose: [this.#allocate(), this.#plug(), this.#assemble()],
    release: [this.#unplugAll(), this.#remove()],
    attach: [this.#attach()],
    detach: [this.#detach()],
  };

  async node(index: string): Promise<NodeView> {
    return await this.#pod.ask(() => {
      const node = this.#pod.nodes.get(index);
      if (node === undefined)
        throw new UpstreamError("pod-manager.refused", { status: 404 }, `there is no node ${index}`);
      return {
        index,
        resourceUri: `nodes/${index}`,
        name: node.name,
        description: null,
        powerState: "On",
        state: node.assembled ? "Assembled" : "Allocated",
        health: "OK",
        bootTarget: null,
        pooledGroupId: null,
        computerSystem: node.system,
        processors: [],
        memory: [],
        interfaces: [],
        drives: [],
        accelerators: [],
      };
    });
  }

  async systems() {
    return [];
  }

  async system(id: string): Promise<never> {
    throw new AppError("system.not-found", id);
  }

  async assets(id: string): Promise<never> {
    throw new AppError("system.not-found", id);
  }

  async devices(): Promise<DeviceFacts[]> {
    return await this.#pod.ask(() =>
      [...this.#pod.devices].map(([path, at]) => ({ ...change(path, at), type: "SSD", properties: {}, extra: {} })),
    );
  }

  async provisioning(): Promise<never> {
    throw new AppError("pod-manager.unsupported", "this hardware cannot be provisioned");
  }

  async close(): Promise<void> {}

  #allocate(): Step {
    const find = async ({ id }: Facts) =>
      await this.#pod.ask(() => [...this.#pod.nodes].find(([, { name }]) => name === id)?.[0]);
    const facts = (index: string): Facts => ({ index, resourceUri: `nodes/${index}` });
    return {
      name: "allocate",
      run: async (given) => facts(await this.#pod.allocate((given as ComposeFacts).id, plan(given).system)),
      look: async (given) => {
        const index = await find(given);
        return index === undefined ? null : facts(index);
      },
      undo: async (given) => {
        const index = await find(given);
        if (index !== undefined) await this.#pod.remove(index);
      },
    };
  }

  #plug(): Step {
    const at = async (index: unknown) =>
      await this.#pod.ask(() => [...this.#pod.devices].filter(([, node]) => node === index).map(([path]) => path));
    const facts = (given: Facts) => ({ devices: plan(given).devices.map((path) => change(path, String(given.index))) });
    return {
      name: "plug",
      run: async (given) => {
        for (const device of plan(given).devices) await this.#pod.plug(device, String(given.index));
        return facts(given);
      },
      look: async (given) => ((await at(given.index)).length === plan(given).devices.length ? facts(given) : null),
      undo: async (given) => {
        for (const device of await at(given.index)) await this.#pod.unplug(device);
      },
    };
  }

  #assemble(): Step {
    return {
      name: "assemble",
      run: async ({ index }) => {
        await this.#pod.assemble(String(index));
        return {};
      },
      look: async ({ index }) => ((await this.node(String(index))).state === "Assembled" ? {} : null),
      undo: async () => {},
    };
  }

  #unplugAll(): Step {
    const at = async (index: unknown) =>
      await this.#pod.ask(() => [...this.#pod.devices].filter(([, node]) => node === index).map(([path]) => path));
    const had = ({ resources }: Facts) => (resources as string[]).filter((path) => path.startsWith("devices/"));
    const facts = (given: Facts) => ({ devices: had(given).map((path) => change(path, null)) });
    return {
      name: "unplug",
      run: async (given) => {
        for (const device of await at(given.index)) await this.#pod.unplug(device);
        return facts(given);
      },
      look: async (given) => ((await at(given.index)).length === 0 ? facts(given) : null),
      undo: async () => {},
    };
  }

  #remove(): Step {
    const known = async (index: unknown) => await this.#pod.ask(() => this.#pod.nodes.has(String(index)));
    return {
      name: "remove",
      run: async ({ index }) => {
        if (await known(index)) await this.#pod.remove(String(index));
        return {};
      },
      look: async ({ index }) => ((await known(index)) ? null : {}),
      undo: async () => {},
    };
  }

  #attach(): Step {
    const where = async (given: Facts) => await this.#pod.ask(() => this.#pod.devices.get(device(given)));
    const facts = (given: Facts) => ({ devices: [change(device(given), String(given.index))] });
    return {
      name: "plug",
      run: async (given) => {
        await this.#pod.plug(device(given), String(given.index));
        return facts(given);
      },
      look: async (given) => ((await where(given)) === given.index ? facts(given) : null),
      undo: async (given) => {
        if ((await where(given)) === given.index) await this.#pod.unplug(device(given));
      },
    };
  }

  #detach(): Step {
    const where = async (given: Facts) => await this.#pod.ask(() => this.#pod.devices.get(device(given)));
    const facts = (given: Facts) => ({ devices: [change(device(given), null)] });
    return {
      name: "unplug",
      run: async (given) => {
        await this.#pod.unplug(device(given));
        return facts(given);
      },
      look: async (given) => ((await where(given)) === null ? facts(given) : null),
      undo: async (given) => {
        if ((await where(given)) === null) await this.#pod.plug(device(given), String(given.index));
      },
    };
  }
}

function plan(facts: Facts): Plan {
  return (facts as ComposeFacts).choice.plan as Plan;
}

function device(facts: Facts): string {
  return (facts.device as DeviceChange).resourceUri;
}

function change(resourceUri: string, nodeIndex: string | null): DeviceChange {
  const pooledGroupId = nodeIndex === null ? "pool" : `of ${nodeIndex}`;
  return { resourceUri, state: nodeIndex === null ? "free" : "allocated", nodeIndex, pooledGroupId };
}
