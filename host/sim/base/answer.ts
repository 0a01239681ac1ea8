/** A JSON object. */
export type Json = { readonly [key: string]: unknown };

/** What a simulated service says. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** 200 with a body, 204 without. */
export function done(body?: Json): Answer {
  return body === undefined ? { status: 204 } : { status: 200, body };
}

/** 201 with where it is. */
export function created(path: string, body?: Json): Answer {
  return { status: 201, headers: { Location: path }, ...(body === undefined ? {} : { body }) };
}

/** Thrown by handlers: a Redfish error, with a sentence for each thing that was wrong. */
export class Refusal extends Error {
  readonly status: number;
  /** Of Redfish's registries: `Base.1.0.GeneralError`. */
  readonly code: string;
  readonly details: readonly string[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    options: {
      code?: string;
      details?: readonly string[];
      headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = options.code ?? "Base.1.0.GeneralError";
    this.details = options.details ?? [message];
    this.headers = options.headers ?? {};
  }

  get answer(): Answer {
    const info = this.details.map((Message) => ({
      "@odata.type": "#Message.v1_0_0.Message",
      MessageId: this.code,
      Message,
      MessageArgs: [],
      RelatedProperties: [],
      Severity: this.status < 500 ? "Warning" : "Critical",
      Resolution: "None",
    }));
    const error = { code: this.code, message: this.message, "@Message.ExtendedInfo": info };
    return { status: this.status, headers: this.headers, body: { error } };
  }
}
