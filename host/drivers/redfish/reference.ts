// Where a Redfish service says that something is. All of it stays at the origin that was registered: a service must not
// be able to send us, and our credentials, elsewhere. Contract: drivers, 0.1 and 0.2.

import { AppError, UpstreamError } from "../../errors.ts";
import { isRecord } from "./shapes.ts";

/** `/redfish/v1/Nodes/1`, absolute, without a slash before or with one behind, with a `#/fragment`, or `{"@odata.id": …}`. */
export type Reference = string | Readonly<Record<string, unknown>>;

export const ROOT = "/redfish/v1/";

/**
 * Scheme, host and port of a registered URL, which may end in `/redfish`, `/redfish/v1` and a slash.
 * @throws AppError request.invalid naming what is wrong with it
 */
export function originOf(registered: string): string {
  const wrong = (what: string) =>
    new AppError("request.invalid", `url ${JSON.stringify(registered)} ${what}; an example: https://podm.example:8443`);
  let url: URL;
  try {
    url = new URL(registered);
  } catch {
    throw wrong("is no URL");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw wrong("is neither http nor https");
  if (url.username !== "" || url.password !== "")
    throw new AppError("request.invalid", "url holds credentials; they belong into authentication");
  if (!/^\/*(redfish(\/v1)?)?\/*$/.test(url.pathname)) throw wrong("has a path that is not /redfish/v1");
  return url.origin;
}

/**
 * The path, with its query, of what a service refers to; without a slash at the end, so that equal things have equal paths.
 * @throws AppError pod-manager.unreadable when it is no reference, or one to another host
 */
export function pathOf(reference: Reference, origin: string): string {
  const text = isRecord(reference) ? reference["@odata.id"] : reference;
  if (typeof text !== "string" || text === "")
    throw new AppError(
      "pod-manager.unreadable",
      `${origin}: expected a reference to a resource, got ${typeof text === "string" ? "an empty one" : `an object without "@odata.id"`}`,
    );
  let url: URL;
  try {
    url = new URL(text, `${origin}/`);
  } catch {
    throw new AppError("pod-manager.unreadable", `${origin} refers to ${shown(text)}, which is no URL`);
  }
  if (url.origin !== origin)
    throw new AppError(
      "pod-manager.unreadable",
      `${origin} refers to ${shown(text)} at another host, where its credentials do not belong.\n` +
        `Register the pod manager with the address that it calls itself by.`,
    );
  return bare(url.pathname) + url.search;
}

/** As `pathOf`; null for what cannot be followed. */
export function pathOrNull(reference: unknown, origin: string): string | null {
  try {
    return typeof reference === "string" || isRecord(reference) ? pathOf(reference, origin) : null;
  } catch {
    return null;
  }
}

/**
 * Path of a member that a caller names; it stays one segment below its collection.
 * @throws UpstreamError pod-manager.refused (404) for what can name no member
 */
export function memberPath(collection: string, id: string): string {
  if (id === "" || id === "." || id === "..")
    throw new UpstreamError("pod-manager.refused", { status: 404 }, `${JSON.stringify(id)} is no id of a resource`);
  return `${bare(collection)}/${encodeURIComponent(id)}`;
}

function bare(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
