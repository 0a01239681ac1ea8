// A simulated service with DMTF's CompositionService, whose blocks really become systems and are given back.
// Contract: drivers, section 3; source: DMTF DSP2050.

import { Agenda, type Due } from "./base/agenda.ts";
import { done, type Json, Refusal } from "./base/answer.ts";
import { createRedfish, type Redfish } from "./base/redfish.ts";
import { collection, link } from "./base/resources.ts";
import { StateFile } from "./base/state-file.ts";
import { madeBlocks, type SimBlock } from "./redfish-blocks.ts";
import { Composition, type CompositionState, uuidOf } from "./redfish-composition.ts";
import { addCompose, COMPOSE_ACTION, RESERVATIONS_LINK } from "./redfish-manifest.ts";
import type { RedfishSimOptions } from "./redfish-options.ts";
import { addSystems, capabilities, SERVICE_ROOT_LINKS, type SystemRules, type Work } from "./redfish-systems.ts";
import {
  addTree,
  BLOCKS,
  blockParts,
  blockPath,
  enclosurePath,
  ROOT,
  SERVICE,
  systemPath,
  ZONES,
} from "./redfish-tree.ts";

export type { RedfishSimOptions } from "./redfish-options.ts";

export interface RedfishSim extends Redfish {
  readonly composition: Composition;
  /** All that the hardware is. */
  snapshot(): unknown;
}

interface Kept extends CompositionState {
  readonly due: readonly Due[];
}

export function createRedfishSim(options: RedfishSimOptions = {}): RedfishSim {
  const { zones = 2, compute = 8, devices = 12, stateFile, reservationSeconds = 10_800 } = options;
  const { least = {}, most = { Compute: 1, Storage: 8 }, composeMs = 0, taskMs = 0 } = options;
  const redfish = createRedfish(options);
  const { resources, clock, events } = redfish;
  const blocks = structuredClone([...(options.blocks ?? madeBlocks({ zones, compute, devices }))]);
  const file =
    stateFile === undefined ? null : new StateFile<Kept>(stateFile, `redfish ${blocks.map(({ id }) => id).join(" ")}`);
  const kept = file?.load() ?? null;
  const state = kept ?? { blocks, systems: [], reservations: [] };
  const composition = new Composition(
    { blocks: state.blocks, systems: state.systems, reservations: state.reservations },
    { composeMs, least, most, decomposesPoweredOn: options.decomposesPoweredOn ?? true, lies: options.lies ?? false },
    (origin, what) =>
      events.emit({
        type: what === "ResourceAdded" || what === "ResourceRemoved" ? what : "ResourceUpdated",
        origin,
        message: "",
      }),
  );
  if (kept === null) addMachines(composition);
  const save = () => file?.save({ ...composition.state, due: agenda.list() });
  const agenda = new Agenda(
    clock,
    {
      composed: (id) => composition.composed(id),
      power: (subject) => {
        const [id = "", power] = subject.split(" ");
        const system = composition.system(id);
        if (system) system.power = power === "On" ? "On" : "Off";
      },
      expired: (id) => composition.endReservation(id),
    },
    save,
  );
  composition.endOn(agenda);
  if (kept !== null) agenda.load(kept.due);
  redfish.onWritten(save);
  const begin: Work = (name, body, work) =>
    taskMs === 0
      ? work()
      : redfish.tasks.start(
          name,
          taskMs,
          () => {
            const answer = work();
            save();
            return answer;
          },
          body,
        );
  const rules: SystemRules = {
    answers: options.answers ?? "created",
    offers: options.offers ?? ["specific", "manifest"],
    changesBlocks: options.changesBlocks ?? "actions",
    capabilitiesOn: options.capabilitiesOn ?? "systems",
    powerMs: options.powerMs ?? 0,
  };
  addRoot(redfish, rules, reservationSeconds);
  addBlocks(redfish, composition, options.reserves ?? true);
  addSystems(resources, composition, rules, agenda, begin);
  if (rules.offers.includes("manifest"))
    addCompose(resources, composition, {
      reservationMs: reservationSeconds * 1000,
      now: () => clock.now(),
      begin,
      expire: (id) => agenda.add("expired", id, reservationSeconds * 1000),
    });
  if (rules.capabilitiesOn === "zones") addZoneCapabilities(redfish, composition, rules);
  addTree(resources, composition);
  return {
    ...redfish,
    composition,
    snapshot: () => structuredClone(composition.state),
    close() {
      agenda.stop();
      redfish.close();
    },
  };
}

/** Machines of their own, to which blocks can be added. */
function addMachines({ state }: Composition): void {
  for (const block of state.blocks) {
    if (block.machine === null) continue;
    state.systems.push({
      id: block.machine,
      name: block.machine,
      description: "A machine of its own that blocks can be added to",
      uuid: uuidOf(block.machine),
      type: "Physical",
      power: "On",
      state: "Enabled",
      boot: { enabled: "Disabled", target: "None" },
      blocks: [block.id],
    });
    block.systems.push(block.machine);
    block.state = "Composed";
  }
}

function addRoot({ resources, rootLinks }: Redfish, { offers }: SystemRules, reservationSeconds: number): void {
  resources.add(ROOT, {
    get: () => ({
      "@odata.id": "/redfish/v1/",
      "@odata.type": "#ServiceRoot.v1_9_0.ServiceRoot",
      Id: "RootService",
      Name: "Simulated CompositionService",
      RedfishVersion: "1.15.0",
      UUID: uuidOf("root"),
      ...(resources.rules.expand
        ? { ProtocolFeaturesSupported: { ExpandQuery: { NoLinks: true, ExpandAll: true, Levels: true, MaxLevels: 1 } } }
        : {}),
      ...SERVICE_ROOT_LINKS,
      CompositionService: link(SERVICE),
      ...rootLinks,
    }),
  });
  const manifests = offers.includes("manifest");
  resources.add(SERVICE, {
    get: () => ({
      "@odata.id": SERVICE,
      "@odata.type": "#CompositionService.v1_2_1.CompositionService",
      Id: "CompositionService",
      Name: "Composition Service",
      Status: { State: "Enabled", Health: "OK" },
      ServiceEnabled: true,
      AllowOverprovisioning: false,
      AllowZoneAffinity: true,
      ResourceBlocks: link(BLOCKS),
      ResourceZones: link(ZONES),
      ...(manifests
        ? {
            CompositionReservations: RESERVATIONS_LINK,
            ReservationDuration: `PT${reservationSeconds}S`,
            Actions: COMPOSE_ACTION,
          }
        : {}),
    }),
  });
}

function addBlocks({ resources }: Redfish, composition: Composition, reserves: boolean): void {
  resources.add(BLOCKS, {
    get: () =>
      collection(
        BLOCKS,
        "ResourceBlockCollection",
        "Resource Blocks",
        composition.state.blocks.map(({ id }) => blockPath(id)),
      ),
  });
  resources.add(`${BLOCKS}/:block`, {
    get: ({ block: id }) => {
      const block = composition.block(id!);
      return block === undefined ? null : blockView(block);
    },
    ...(reserves
      ? {
          patch: ({ params, body }) => {
            const reserved = (body.CompositionStatus as Json | undefined)?.Reserved;
            if (typeof reserved !== "boolean" || Object.keys(body).length !== 1)
              throw new Refusal(400, "Only CompositionStatus.Reserved can be changed, to true or false", {
                code: "Base.1.8.PropertyNotWritable",
              });
            const block = composition.block(params.block!)!;
            block.reserved = reserved;
            return done(blockView(block));
          },
        }
      : {}),
  });
}

function blockView(block: SimBlock): Json {
  const path = blockPath(block.id);
  return {
    "@odata.id": path,
    "@odata.type": "#ResourceBlock.v1_4_1.ResourceBlock",
    Id: block.id,
    Name: block.id.replace("-", " "),
    ResourceBlockType: block.types,
    Status: { State: "Enabled", Health: block.health },
    CompositionStatus: {
      CompositionState: block.state,
      Reserved: block.reserved,
      SharingCapable: block.most > 1,
      ...(block.most > 1 ? { SharingEnabled: true } : {}),
      MaxCompositions: block.most,
      NumberOfCompositions: block.systems.length,
    },
    ...(block.machine === null ? blockParts(block) : { ComputerSystems: [link(systemPath(block.machine))] }),
    Links: {
      ComputerSystems: block.systems.map((id) => link(systemPath(id))),
      Chassis: [link(enclosurePath(block.zone))],
      Zones: [link(`${ZONES}/${block.zone}`)],
    },
  };
}

/** As services of the first years have it: each zone tells its own, with the same meaning. */
function addZoneCapabilities({ resources }: Redfish, composition: Composition, rules: SystemRules): void {
  for (const zone of new Set(composition.state.blocks.map((block) => block.zone)))
    resources.add(`${ZONES}/${zone}`, {
      get: () => ({
        "@odata.id": `${ZONES}/${zone}`,
        "@odata.type": "#Zone.v1_2_1.Zone",
        Id: zone,
        Name: `Resource Zone ${zone}`,
        Links: {
          ResourceBlocks: composition.state.blocks
            .filter((block) => block.zone === zone)
            .map(({ id }) => link(blockPath(id))),
        },
        ...capabilities(composition, rules),
      }),
    });
}
