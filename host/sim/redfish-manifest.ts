// The action Compose of a simulated CompositionService: manifests, previews, reservations. Source: DMTF DSP2050.

import { type Answer, done, type Json, Refusal } from "./base/answer.ts";
import { collection, link, type Resources } from "./base/resources.ts";
import type { Composition, Reservation } from "./redfish-composition.ts";
import { composeAs, idIn, namedBlocks, type Work } from "./redfish-systems.ts";
import { blockPath, SERVICE, SYSTEMS, systemPath } from "./redfish-tree.ts";

const RESERVATIONS = `${SERVICE}/CompositionReservations`;
const COMPOSE = `${SERVICE}/Actions/CompositionService.Compose`;
const INFO = `${SERVICE}/ComposeActionInfo`;
const TYPES = ["Preview", "PreviewReserve", "Apply"];

/** What the service says of the action. */
export const COMPOSE_ACTION: Json = {
  "#CompositionService.Compose": { target: COMPOSE, "@Redfish.ActionInfo": INFO },
};

interface Stanza {
  readonly type: string;
  readonly record: Json;
  readonly request: Json;
}

export interface ComposeRules {
  readonly reservationMs: number;
  now(): number;
  readonly begin: Work;
  /** Ends a reservation when its time is over. */
  expire(id: string): void;
}

export function addCompose(
  resources: Resources,
  composition: Composition,
  { reservationMs, now, begin, expire }: ComposeRules,
): void {
  resources.add(INFO, {
    get: () => ({
      "@odata.id": INFO,
      "@odata.type": "#ActionInfo.v1_2_0.ActionInfo",
      Id: "ComposeActionInfo",
      Name: "Parameters of Compose",
      Parameters: [
        { Name: "RequestFormat", Required: true, DataType: "String", AllowableValues: ["Manifest"] },
        { Name: "RequestType", Required: true, DataType: "String", AllowableValues: TYPES },
        { Name: "Manifest", Required: false, DataType: "Object" },
        { Name: "ReservationId", Required: false, DataType: "String" },
      ],
    }),
  });
  resources.add(RESERVATIONS, {
    get: () =>
      collection(
        RESERVATIONS,
        "CompositionReservationCollection",
        "Reservations",
        composition.state.reservations.map(({ id }) => `${RESERVATIONS}/${id}`),
      ),
  });
  resources.add(`${RESERVATIONS}/:id`, {
    get: ({ id }) => {
      const reservation = composition.state.reservations.find((one) => one.id === id);
      return reservation === undefined ? null : shown(reservation);
    },
    delete: ({ params }) => {
      composition.endReservation(params.id!);
      return done();
    },
  });
  resources.add(COMPOSE, {
    post: ({ body }) => {
      const { RequestFormat: format, RequestType: type, ReservationId: reserved } = body;
      if (format !== "Manifest") throw new Refusal(400, 'RequestFormat must be "Manifest"');
      if (!TYPES.includes(String(type))) throw new Refusal(400, `RequestType must be one of ${TYPES.join(", ")}`);
      const reservation = typeof reserved === "string" ? known(composition, reserved) : null;
      const manifest = (body.Manifest ?? reservation?.manifest) as Json | undefined;
      const stanzas = stanzasOf(manifest);
      const whole = (): Answer => {
        const answers = stanzas.map((stanza) => answered(composition, stanza, String(type), reservation?.id ?? null));
        const refused = answers.some(({ error }) => error !== undefined);
        if (type === "Apply" && reservation !== null && !refused) composition.endReservation(reservation.id);
        const made = type === "PreviewReserve" && !refused ? reserve(manifest!, stanzas) : null;
        return done({
          RequestFormat: "Manifest",
          RequestType: type,
          ...(made === null ? {} : { ReservationId: made.id }),
          Manifest: { ...manifest, Stanzas: stanzas.map(({ record }, i) => ({ ...record, Response: answers[i] })) },
        });
      };
      return type === "Apply" ? begin("Apply a manifest", body, whole) : whole();
    },
  });

  function reserve(manifest: Json, stanzas: readonly Stanza[]): Reservation {
    const blocks = stanzas
      .filter(({ type }) => type === "ComposeSystem")
      .flatMap(({ request }) => namedBlocks(request) ?? []);
    const made = composition.reserve(blocks, "admin", manifest, now() + reservationMs);
    expire(made.id);
    return made;
  }
}

function known({ state }: Composition, id: string): Reservation {
  const found = state.reservations.find((reservation) => reservation.id === id);
  if (found === undefined) throw new Refusal(400, `There is no reservation '${id}'`);
  return found;
}

function stanzasOf(manifest: Json | undefined): Stanza[] {
  const list = manifest?.Stanzas;
  if (!Array.isArray(list) || list.length === 0)
    throw new Refusal(400, "The provided manifest is empty or a stanza in the manifest contains no request.", {
      code: "Composition.1.1.EmptyManifest",
    });
  return (list as Json[]).map((record) => ({
    type: String(record.StanzaType),
    record,
    request: (record.Request ?? {}) as Json,
  }));
}

/** What came of a stanza: a refusal is told in it, the answer as a whole is 200. */
function answered(composition: Composition, stanza: Stanza, type: string, reservation: string | null): Json {
  try {
    return type === "Apply" ? applied(composition, stanza, reservation) : previewed(composition, stanza, reservation);
  } catch (error) {
    if (error instanceof Refusal) return error.answer.body as Json;
    throw error;
  }
}

function applied(composition: Composition, { type, request }: Stanza, reservation: string | null): Json {
  if (type === "ComposeSystem") {
    const { id, name } = composeAs(composition, request, ["specific", "constrained", "manifest"], reservation);
    return { "@odata.id": systemPath(id), "@odata.type": "#ComputerSystem.v1_20_0.ComputerSystem", Id: id, Name: name };
  }
  if (type !== "DecomposeSystem") throw new Refusal(400, `Stanzas of type ${type} cannot be processed`);
  const system = composition.system(idIn(request, SYSTEMS));
  if (system === undefined) throw new Refusal(404, `There is no system ${String(request["@odata.id"])}`);
  composition.decompose(system);
  return SUCCESS;
}

function previewed(composition: Composition, { type, request }: Stanza, reservation: string | null): Json {
  if (type !== "ComposeSystem") return SUCCESS;
  const blocks = composition.checked(namedBlocks(request) ?? [], reservation);
  composition.checkLimits(blocks);
  return {
    Name: request.Name ?? "Composed system",
    Links: { ResourceBlocks: blocks.map(({ id }) => link(blockPath(id))) },
  };
}

const SUCCESS: Json = {
  error: {
    code: "Base.1.8.Success",
    message: "Successfully Completed Request",
    "@Message.ExtendedInfo": [
      { MessageId: "Base.1.8.Success", Message: "Successfully Completed Request", Severity: "OK" },
    ],
  },
};

function shown({ id, client, until, blocks, manifest }: Reservation): Json {
  return {
    "@odata.id": `${RESERVATIONS}/${id}`,
    "@odata.type": "#CompositionReservation.v1_0_0.CompositionReservation",
    Id: id,
    Name: `Composition Reservation ${id}`,
    Client: client,
    ReservationTime: new Date(until).toISOString(),
    ReservedResourceBlocks: blocks.map((block) => link(blockPath(block))),
    Manifest: manifest,
  };
}

export const RESERVATIONS_LINK = link(RESERVATIONS);
