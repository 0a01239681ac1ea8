// What an error of a step says about the hardware, and how it is recorded.
import { AppError, type ErrorCode, UpstreamError } from "../../errors.ts";

/** Said before anything was ordered, or by who did not do it. */
const DEFINITE: ReadonlySet<ErrorCode> = new Set([
  "request.invalid",
  "pod-manager.credentials",
  "pod-manager.unsupported",
  "pod-manager.no-fit",
  "node.not-found",
  "node.busy",
  "node.changed",
  "node.registered",
  "device.not-found",
  "device.assigned",
  "device.busy",
]);

/** Whether the error proves that what was ordered did not happen. Otherwise one has to look. */
export function refused(error: unknown): boolean {
  // 408: the request may have come through after all.
  if (error instanceof UpstreamError) return error.upstreamStatus < 500 && error.upstreamStatus !== 408;
  return error instanceof AppError && DEFINITE.has(error.code);
}

/** The same, for who is told of it while the operation goes on. */
export function goesOn(error: unknown, kind: string): unknown {
  if (!(error instanceof AppError)) return error;
  const message = `${error.message}\nThe ${kind} goes on as soon as it can; GET /v1/operations tells how.`;
  if (!(error instanceof UpstreamError)) return new AppError(error.code, message, { cause: error });
  const { upstreamStatus: status, upstreamCode: code, upstreamTitle: title } = error;
  const upstream = error.code === "provisioning.refused" ? error.code : "pod-manager.refused";
  return new UpstreamError(upstream, { status, code, title }, message, { cause: error });
}

/** Why an operation goes back. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** What the pod manager said: its status, code and title. */
  readonly upstream?: { readonly status: number; readonly code: string | null; readonly title: string | null };
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof AppError)) return { code: "internal", message: reasonOf(error) };
  const { code, message } = error;
  if (!(error instanceof UpstreamError)) return { code, message };
  const { upstreamStatus: status, upstreamCode, upstreamTitle: title } = error;
  return { code, message, upstream: { status, code: upstreamCode, title } };
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
