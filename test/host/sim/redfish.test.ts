import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TurnedClock } from "../../../host/sim/base/clock.ts";
import { createRedfishSim, type RedfishSim } from "../../../host/sim/redfish.ts";

const BLOCKS = "/redfish/v1/CompositionService/ResourceBlocks";
const COMPOSE = "/redfish/v1/CompositionService/Actions/CompositionService.Compose";

async function ask(sim: RedfishSim, method: string, path: string, body?: object) {
  const authorization = `Basic ${Buffer.from("admin:Passw0rd").toString("base64")}`;
  const answer = await sim.app.request(path, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    location: answer.headers.get("location"),
    body: text === "" ? null : JSON.parse(text),
  };
}

const of = (...ids: string[]) => ({ Links: { ResourceBlocks: ids.map((id) => ({ "@odata.id": `${BLOCKS}/${id}` })) } });
const compose = (sim: RedfishSim, ...ids: string[]) =>
  ask(sim, "POST", "/redfish/v1/Systems", { Name: "n", ...of(...ids) });
const manifest = (type: string, request: object, more: object = {}) => ({
  RequestFormat: "Manifest",
  RequestType: type,
  Manifest: { Stanzas: [{ StanzaType: "ComposeSystem", StanzaId: "s", Request: request }] },
  ...more,
});

describe("the simulated CompositionService", () => {
  it("makes a system of blocks, gives none of them twice, and takes them back", async () => {
    const sim = createRedfishSim();
    const before = sim.snapshot();
    const made = await compose(sim, "Compute-1", "Drive-1");
    expect(made).toMatchObject({ status: 201, location: "/redfish/v1/Systems/System-1" });
    expect(made.body.MemorySummary).toMatchObject({ TotalSystemMemoryGiB: 32 });
    const block = await ask(sim, "GET", `${BLOCKS}/Drive-1`);
    expect(block.body).toMatchObject({
      CompositionStatus: { CompositionState: "Composed" },
      Links: { ComputerSystems: [{ "@odata.id": "/redfish/v1/Systems/System-1" }] },
    });
    expect(await compose(sim, "Compute-3", "Drive-1")).toMatchObject({
      status: 409,
      body: { error: { code: "Composition.1.1.ResourceBlockInUse" } },
    });
    expect(await ask(sim, "DELETE", made.location!)).toMatchObject({ status: 204 });
    expect(sim.snapshot()).toEqual(before);
  });

  it.each<[string, object, number, RegExp]>([
    ["an unknown block", { Name: "n", ...of("Compute-99") }, 400, /'Compute-99' was not found/],
    ["blocks of two zones", { Name: "n", ...of("Compute-1", "Drive-2") }, 400, /span multiple resource zones/],
    ["two computers", { Name: "n", ...of("Compute-1", "Compute-3") }, 400, /takes 1 Compute blocks, got 2/],
    ["a machine of its own", { Name: "n", ...of("Server-1-Block") }, 409, /cannot be part of any new/],
    ["a property it does not know", { Name: "n", Colour: "red", ...of("Compute-1") }, 400, /Colour/],
    ["no blocks at all", { Name: "n" }, 400, /ResourceBlocks is required/],
    ["a link to elsewhere", { Links: { ResourceBlocks: [{ "@odata.id": "/etc" }] } }, 400, /expected a link below/],
  ])("refuses %s", async (_, body, status, message) => {
    const answer = await ask(createRedfishSim(), "POST", "/redfish/v1/Systems", body);
    expect(answer.status).toBe(status);
    expect(answer.body.error.message).toMatch(message);
  });

  it("picks the blocks itself when it is told what is wanted", async () => {
    const sim = createRedfishSim({ offers: ["constrained"] });
    const Processors = { Members: [{ "@Redfish.RequestedCount": 2, ProcessorType: "CPU", TotalCores: 16 }] };
    const Storage = { Members: [{ Drives: [{ "@Redfish.RequestedCount": 1, CapacityBytes: 1 }] }] };
    const made = await ask(sim, "POST", "/redfish/v1/Systems", { Name: "n", Processors, Storage });
    expect(made.body.Links.ResourceBlocks).toMatchObject([
      { "@odata.id": `${BLOCKS}/Compute-5` },
      { "@odata.id": expect.stringMatching(/Drive-\d+$/) },
    ]);
    const none = { Members: [{ "@Redfish.RequestedCount": 3, ProcessorType: "CPU", TotalCores: 64 }] };
    expect(await ask(sim, "POST", "/redfish/v1/Systems", { Name: "n", Processors: none })).toMatchObject({
      status: 409,
    });
  });

  it("holds what was reserved for who knows the reservation, until its time is over", async () => {
    const clock = new TurnedClock();
    const sim = createRedfishSim({ clock, reservationSeconds: 60 });
    expect((await ask(sim, "POST", COMPOSE, manifest("Preview", of("Compute-1")))).body).not.toHaveProperty(
      "ReservationId",
    );
    const { body } = await ask(sim, "POST", COMPOSE, manifest("PreviewReserve", of("Compute-1")));
    expect(body.ReservationId).toBe("1");
    expect(await compose(sim, "Compute-1")).toMatchObject({
      status: 409,
      body: { error: { code: "Composition.1.1.SpecifiedResourceAlreadyReserved" } },
    });
    const applied = await ask(sim, "POST", COMPOSE, manifest("Apply", of("Compute-1"), { ReservationId: "1" }));
    expect(applied.body.Manifest.Stanzas[0].Response).toMatchObject({ "@odata.id": "/redfish/v1/Systems/System-1" });
    await ask(sim, "POST", COMPOSE, manifest("PreviewReserve", of("Compute-3")));
    clock.turn(60_000);
    expect(await compose(sim, "Compute-3")).toMatchObject({ status: 201 });
  });

  it("tells in the stanza what it refused, with 200 for the whole", async () => {
    const answer = await ask(createRedfishSim(), "POST", COMPOSE, manifest("Apply", of("Compute-99")));
    expect(answer.status).toBe(200);
    expect(answer.body.Manifest.Stanzas[0].Response.error.code).toBe("Composition.1.1.ResourceBlockNotFound");
  });

  it("knows its hardware again after it was killed, with what was under way", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ostro-sim-"));
    const stateFile = join(folder, "redfish.json");
    try {
      const clock = new TurnedClock();
      const first = createRedfishSim({ stateFile, clock, composeMs: 5_000 });
      await compose(first, "Compute-1");
      const second = createRedfishSim({ stateFile, clock, composeMs: 5_000 });
      expect(second.snapshot()).toEqual(first.snapshot());
      expect(second.composition.block("Compute-1")?.state).toBe("Composing");
      clock.turn(5_000);
      expect(second.composition.block("Compute-1")?.state).toBe("Composed");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
