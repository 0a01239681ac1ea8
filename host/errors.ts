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
  "request.forbidden": { status: 403, text: "Not from this address, origin or caller" },
  "request.not-acceptable": { status: 406, text: "The API has no such version" },
  "request.media-type": { status: 415, text: "The body is not of a type this path takes" },
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
  "pod-manager.not-found": { status: 404, text: "No pod manager with this id" },
  "pod-manager.duplicate": { status: 400, text: "Another pod manager has this name or URL" },
  "pod-manager.unknown-driver": { status: 404, text: "No driver has this name" },
  "pod-manager.none": { status: 404, text: "No pod manager can serve this request" },
  "pod-manager.unreachable": { status: 503, text: "The pod manager cannot be reached" },
  "pod-manager.timeout": { status: 504, text: "The pod manager did not answer in time" },
  "pod-manager.credentials": { status: 502, text: "The pod manager rejected our credentials" },
  "pod-manager.refused": { status: 502, text: "The pod manager refused; its own status is passed on" },
  "pod-manager.unreadable": { status: 502, text: "What the pod manager answered cannot be understood" },
  "pod-manager.unsupported": { status: 501, text: "The pod manager or its driver cannot do this" },
  "pod-manager.no-fit": { status: 409, text: "No free hardware serves the request" },
  "flavor.not-found": { status: 404, text: "No flavor with this id" },
  "node.not-found": { status: 404, text: "No node with this id or name" },
  "node.ambiguous": { status: 409, text: "Several nodes have this name" },
  "node.busy": { status: 409, text: "Another operation on this node goes on" },
  "node.changed": { status: 409, text: "The node is not as the request expects" },
  "node.managed": { status: 409, text: "The node is managed already" },
  "node.registered": { status: 409, text: "The node is registered for provisioning already" },
  "device.not-found": { status: 404, text: "No device with this id" },
  "device.assigned": { status: 400, text: "The device is at a node, or at none where it should be" },
  "device.busy": { status: 409, text: "The device is claimed, at another node, or the node has no room for it" },
  "system.not-found": { status: 404, text: "No system with this id, UUID or name" },
  "rack.not-found": { status: 404, text: "No rack with this id" },
  "storage.not-found": { status: 404, text: "No storage with this id" },
  "operation.not-found": { status: 404, text: "No operation with this id" },
  "provisioning.unavailable": { status: 503, text: "Ironic or its Keystone cannot be reached" },
  "provisioning.refused": { status: 502, text: "Ironic refused; its own status is passed on" },
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

/** A service we asked said no: what it said is passed on. `message` is its detail. */
export class UpstreamError extends AppError {
  /** Of its answer, from 400. */
  readonly upstreamStatus: number;
  /** Its own code and title (`Base.1.0.ResourcesStateMismatch`); null: it gave none. */
  readonly upstreamCode: string | null;
  readonly upstreamTitle: string | null;

  constructor(
    code: "pod-manager.refused" | "pod-manager.no-fit" | "provisioning.refused",
    { status, code: given = null, title = null }: { status: number; code?: string | null; title?: string | null },
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
    this.upstreamStatus = status;
    this.upstreamCode = given;
    this.upstreamTitle = title;
  }
}
