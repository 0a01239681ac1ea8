import { expect } from "vitest";
import { attachSession, composeSession, devicesSession, setFree, systemSession } from "./composition-session.ts";

/** A service of others, what is done with it, and what must come of it: live and from its recording. */
export interface Peer {
  readonly name: string;
  /** Of its recording, without `.json`. */
  readonly file: string;
  readonly session: (url: string) => Promise<object>;
  readonly expected: object;
}

const block = (id: string): string => `/redfish/v1/CompositionService/ResourceBlocks/${id}`;
const notApplied = (what: string): string => `The service did not apply the composition: ${what}.`;
const emulated = (url: string) => composeSession(url, { processor: { totalCores: 16 }, memory: { capacityMib: 1024 } });

export const PEERS: readonly Peer[] = [
  {
    name: "Redfish-Interface-Emulator 1.0.5, which really composes",
    file: "rie-1.0.5",
    session: emulated,
    expected: {
      blocks: ["Block-1", "Block-2"],
      outcome: {
        index: "peer-5f0c1c8e7f7e",
        devices: [
          { resourceUri: block("Block-1"), state: "allocated", nodeIndex: "peer-5f0c1c8e7f7e" },
          { resourceUri: block("Block-2"), state: "allocated", pooledGroupId: "GlobalZone,Zone-1" },
        ],
      },
      node: { state: "Assembled", cores: 16, memoryMib: 131_072, macs: 8 },
      released: {
        devices: [
          { resourceUri: block("Block-1"), state: "free", nodeIndex: null },
          { resourceUri: block("Block-2"), state: "free", nodeIndex: null },
        ],
      },
      systems: [1, 2, 3, 4, 5, 6, 7].map((number) => `System-${number}`),
      free: ["Block-1", "Block-2"],
    },
  },
  {
    name: "Redfish-Interface-Emulator 1.2.1, which stores the request and composes nothing",
    file: "rie-1.2.1",
    session: emulated,
    expected: {
      outcome: notApplied(`${block("Block-1")} is Unused`),
      systems: [1, 2, 3, 4, 5, 6, 7].map((number) => `System-${number}`),
      free: ["Block-1", "Block-2"],
    },
  },
  {
    name: "the mockup of composability, which merges what it is sent",
    file: "mockup-composability",
    session: async (url) => {
      await setFree(url, "ComputeBlock2");
      return {
        composed: await composeSession(url, { processor: { totalCores: 12 }, pciDevices: ["GPU", "SSD"] }),
        attached: await attachSession(url, "ComposedSystem2", "OffloadBlock9"),
        devices: await devicesSession(url),
      };
    },
    expected: {
      composed: {
        blocks: ["ComputeBlock2", "DriveBlock7", "OffloadBlock9"],
        reasons: [
          "zone 2 serves best of 1 that can: no whole zone is broken.",
          expect.stringMatching(/16 cores, 32768 MiB memory, 4096 GiB storage, SSD, GPU; 56.25 % of it not asked for/),
          expect.stringMatching(/^Not zone 1: no free compute block that suits, 0 of 12 cores, 0 of 1 GPU/),
        ],
        outcome: notApplied(`${block("ComputeBlock2")} is Unused`),
        systems: expect.not.arrayContaining(["peer-5f0c1c8e7f7e", "ComposedSystem3"]),
        free: ["ComputeBlock2", "DriveBlock7", "OffloadBlock9"],
      },
      attached: notApplied(`${block("OffloadBlock9")} is not part of /redfish/v1/Systems/ComposedSystem2`),
      devices: {
        ComputeBlock1: "NIC allocated ComposedSystem",
        DriveBlock3: "SSD allocated ComposedSystem",
        DriveBlock5: "SSD free",
        NetworkBlock8: "NIC allocated ComposedSystem2",
        OffloadBlock9: "GPU free",
        DriveBlock10: "SSD allocated SystemAfterAddResourceAction",
      },
    },
  },
  {
    name: "the mockup of constrained composition, which keeps what was asked for as the system",
    file: "mockup-constrained",
    session: async (url) => {
      await setFree(url, "ComputeBlock2");
      return await composeSession(url, { memory: { capacityMib: 16_384 }, pciDevices: ["GPU"] });
    },
    expected: {
      blocks: ["ComputeBlock2", "OffloadBlock9"],
      outcome: notApplied("/redfish/v1/Systems/ComposedSystem1 has no resource blocks"),
      systems: ["ComposedSystem", "ComposedSystem2"],
    },
  },
  {
    name: "the mockup of bladed partitions, whose blocks are computers with their parts below them",
    file: "mockup-bladed-partitions",
    session: (url) => composeSession(url, { processor: { totalCores: 8 } }),
    expected: {
      blocks: ["BladeComputeBlock7"],
      outcome: notApplied(`${block("BladeComputeBlock7")} is Unused`),
      systems: ["ComposedPartition1", "ComposedPartition2", "ComposedPartition3"],
    },
  },
  {
    name: "sushy-tools, which has systems but composes none",
    file: "sushy-tools",
    session: systemSession,
    expected: {
      status: "Offline",
      systems: 1,
      turned: true,
      bootTarget: "Pxe",
      macs: [expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)],
      choice: "pod-manager.unsupported",
    },
  },
];
