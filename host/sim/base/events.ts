import { type Answer, created, type Json, Refusal } from "./answer.ts";
import { collection, link, type Resources } from "./resources.ts";

const SERVICE = "/redfish/v1/EventService";
const SUBSCRIPTIONS = `${SERVICE}/Subscriptions`;
export const EVENT_STREAM = `${SERVICE}/SSE`;
const TYPES = ["StatusChange", "ResourceUpdated", "ResourceAdded", "ResourceRemoved", "Alert"] as const;
const MOST_KEPT = 100;
const MOST_SUBSCRIPTIONS = 20;
const PUSH_MS = 5_000;

/** What happened to which resource. */
export interface SimEvent {
  readonly type: (typeof TYPES)[number];
  /** Path. */
  readonly origin: string;
  readonly message: string;
}

interface Subscription {
  readonly id: string;
  readonly destination: string;
  readonly context: string;
  readonly types: readonly string[];
}

export interface EventRules {
  /** Events are streamed as well as pushed. */
  readonly stream: boolean;
}

/** Events of a simulated service: streamed (SSE) and pushed to those who subscribed; forgotten with the process. */
export class Events {
  readonly #rules: EventRules;
  readonly #now: () => number;
  readonly #kept: { id: number; text: string }[] = [];
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #stopping = new AbortController();
  #sent = 0;
  #made = 0;

  constructor(rules: EventRules, now: () => number, resources: Resources) {
    this.#rules = rules;
    this.#now = now;
    resources.add(SERVICE, { get: () => this.#service() });
    resources.add(SUBSCRIPTIONS, {
      get: () =>
        collection(
          SUBSCRIPTIONS,
          "EventDestinationCollection",
          "Event Subscriptions",
          [...this.#subscriptions.keys()].map((id) => `${SUBSCRIPTIONS}/${id}`),
        ),
      post: ({ body }) => this.#subscribe(body),
    });
    resources.add(`${SUBSCRIPTIONS}/:id`, {
      get: ({ id }) => this.#shown(this.#subscriptions.get(id!)),
      delete: ({ params }) => {
        this.#subscriptions.delete(params.id!);
        return { status: 204 };
      },
    });
    resources.add(`${SERVICE}/Actions/EventService.SubmitTestEvent`, {
      post: () => {
        this.emit({ type: "Alert", origin: SERVICE, message: "A test event" });
        return { status: 204 };
      },
    });
  }

  emit(event: SimEvent): void {
    const id = ++this.#sent;
    const record = this.#record(id, event, "");
    const text = `id: ${id}\ndata: ${JSON.stringify(record)}\n\n`;
    this.#kept.push({ id, text });
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
    for (const stream of this.#streams) stream.enqueue(encoder.encode(text));
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.types.includes(event.type))
        this.#push(subscription, this.#record(id, event, subscription.context));
    }
  }

  /** A stream of events, from after `last` as far as they are kept. */
  stream(last: string | undefined): Response {
    const streams = this.#streams;
    const missed = last === undefined ? [] : this.#kept.filter(({ id }) => id > Number(last));
    let own: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        own = controller;
        controller.enqueue(encoder.encode(": ready\n\n"));
        for (const { text } of missed) controller.enqueue(encoder.encode(text));
        streams.add(controller);
      },
      cancel() {
        streams.delete(own);
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" } });
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Ends all streams, as a service that is started again does; with its subscriptions. */
  end(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
    this.#subscriptions.clear();
  }

  /** For good. */
  close(): void {
    this.#stopping.abort();
    this.end();
  }

  #push({ destination }: Subscription, record: Json): void {
    const signal = AbortSignal.any([AbortSignal.timeout(PUSH_MS), this.#stopping.signal]);
    const body = JSON.stringify(record);
    const headers = { "Content-Type": "application/json" };
    // Who does not answer misses it, as with a real service; nobody is asked twice.
    fetch(destination, { method: "POST", headers, body, signal, redirect: "error" }).then(
      (answer) => void answer.body?.cancel(),
      () => {},
    );
  }

  #subscribe(body: Json): Answer {
    const { Destination: destination, Context: context = "", EventTypes: types = TYPES, Protocol: protocol } = body;
    if (typeof destination !== "string" || !/^https?:\/\//.test(destination) || !URL.canParse(destination)) {
      throw new Refusal(400, "Destination must be an http or https URL", { code: "Base.1.0.PropertyValueFormatError" });
    }
    if (protocol !== "Redfish") throw new Refusal(400, 'Protocol must be "Redfish"');
    if (typeof context !== "string") throw new Refusal(400, "Context must be a string");
    if (!Array.isArray(types) || !types.every((type) => TYPES.includes(type))) {
      throw new Refusal(400, `EventTypes must be some of ${TYPES.join(", ")}`);
    }
    if (this.#subscriptions.size >= MOST_SUBSCRIPTIONS) {
      throw new Refusal(503, `There are ${MOST_SUBSCRIPTIONS} subscriptions already`);
    }
    const id = String(++this.#made);
    const subscription = { id, destination, context, types: types as string[] };
    this.#subscriptions.set(id, subscription);
    return created(`${SUBSCRIPTIONS}/${id}`, this.#shown(subscription)!);
  }

  #shown(subscription: Subscription | undefined): Json | null {
    if (subscription === undefined) return null;
    const { id, destination, context, types } = subscription;
    return {
      "@odata.id": `${SUBSCRIPTIONS}/${id}`,
      "@odata.type": "#EventDestination.v1_1_0.EventDestination",
      Id: id,
      Name: `EventSubscription ${id}`,
      Destination: destination,
      Context: context,
      EventTypes: types,
      Protocol: "Redfish",
    };
  }

  #record(id: number, { type, origin, message }: SimEvent, context: string): Json {
    return {
      "@odata.type": "#Event.v1_2_1.Event",
      Id: String(id),
      Name: "Event Array",
      Context: context,
      Events: [
        {
          EventType: type,
          EventId: String(id),
          EventTimestamp: new Date(this.#now()).toISOString(),
          Severity: "OK",
          Message: message,
          MessageId: `ResourceEvent.1.0.${type}`,
          MessageArgs: [],
          OriginOfCondition: link(origin),
        },
      ],
    };
  }

  #service(): Json {
    return {
      "@odata.id": SERVICE,
      "@odata.type": "#EventService.v1_0_3.EventService",
      Id: "EventService",
      Name: "Event Service",
      ServiceEnabled: true,
      Status: { State: "Enabled", Health: "OK" },
      DeliveryRetryAttempts: 0,
      DeliveryRetryIntervalSeconds: 0,
      EventTypesForSubscription: TYPES,
      ...(this.#rules.stream ? { ServerSentEventUri: EVENT_STREAM } : {}),
      Subscriptions: link(SUBSCRIPTIONS),
      Actions: {
        "#EventService.SubmitTestEvent": {
          target: `${SERVICE}/Actions/EventService.SubmitTestEvent`,
          "EventType@Redfish.AllowableValues": TYPES,
        },
      },
    };
  }
}

const encoder = new TextEncoder();
