// Every error a client or operator can meet, once. A code never changes and is never reused; a test compares this
// table with README.md.

/** HTTP status and what the code means. The message of an AppError says which values were wrong and what helps. */
export const ERRORS = {
  "request.malformed": { status: 400, text: "The body is not a JSON object" },
  "request.invalid": { status: 400, text: "A field is missing, unknown or of the wrong form" },
  "request.too-large": { status: 413, text: "The body is larger than the limit" },
  "request.not-found": { status: 404, text: "No such path" },
  "request.method": { status: 405, text: "The path does not take this method" },
  "request.unauthorized": { status: 401, text: "No valid token, no project, or the role is missing" },
  "group.not-found": { status: 404, text: "No group with this id or name" },
  "group.duplicate": { status: 400, text: "The name is taken" },
  "group.has-members": { status: 409, text: "A group with members cannot be deleted" },
  "group.unknown-projects": { status: 409, text: "The identity service knows no such project" },
  "group.member-missing": { status: 404, text: "The project is not a member of the group" },
  "group.member-has-servers": { status: 409, text: "The project still has servers in the group" },
  "group.not-member": { status: 409, text: "The caller's project is not a member of the group" },
  "group.name-not-allowed": { status: 409, text: "Affinity and diversity assignments take no group_name" },
  "application.invalid": { status: 400, text: "The resources of the stack contradict themselves or the limits" },
  "plan.not-found": { status: 404, text: "No plan with this id or stack id" },
  "placement.not-found": { status: 404, text: "No placement with this id or orchestration id" },
  "placement.infeasible": { status: 500, text: "No set of hosts keeps every rule" },
  "placement.conflict": { status: 500, text: "Others changed the inventory faster than the plan could be made again" },
  "plan.unsound": { status: 500, text: "The independent check found a rule broken; nothing was committed" },
  "solver.broken": { status: 500, text: "The search broke down twice on this request; nothing was committed" },
  "store.unavailable": { status: 503, text: "The store cannot be reached" },
  "store.in-use": { status: 503, text: "Another process has the directory of the embedded store" },
  "identity.unavailable": { status: 500, text: "The identity service cannot be asked about projects" },
  "cloud.none": { status: 409, text: "The data center is no cloud that could be read again" },
  "cloud.unavailable": { status: 503, text: "A service of the cloud cannot be reached, or is not able to answer now" },
  "cloud.unreadable": { status: 500, text: "A service of the cloud refused, or its answer cannot be understood" },
  internal: { status: 500, text: "An error of the service itself" },
  "file.invalid": { status: 500, text: "A data-center, problem, token or configuration file is damaged" },
  "address.unavailable": { status: 500, text: "An address or port to serve on cannot be bound" },
  "config.invalid": { status: 500, text: "An option has a wrong value" },
} as const satisfies Record<string, { status: number; text: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Something a caller should be told. `message`: what, which values, then advice. */
export class AppError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}
