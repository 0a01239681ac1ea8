// What services answer to an order to compose: each in its own way. Contract: drivers, 3.4.3.

import { UpstreamError } from "../../errors.ts";
import type { RedfishClient, Written } from "../redfish/client.ts";
import { at, listOf, recordOf, textOf } from "../redfish/shapes.ts";
import { linkOf } from "../redfish/views/links.ts";

/**
 * Path of the system that was made; null: the answer does not say which.
 * @throws UpstreamError when the order came through but the manifest says that it failed
 */
export function systemIn(client: RedfishClient, { location, body }: Written): string | null {
  const stanzas = stanzasOf(body);
  for (const stanza of stanzas) refusedIn(stanza);
  for (const { Response } of stanzas) {
    const made = linkOf(client, Response);
    if (made !== null) return made;
  }
  // A location of a task or of the manifest itself would be none of a system.
  return stanzas.length > 0 ? null : (location ?? linkOf(client, body));
}

/** @throws UpstreamError with what a stanza says against it */
export function checkManifest({ body }: Written): void {
  for (const stanza of stanzasOf(body)) refusedIn(stanza);
}

function stanzasOf(body: Written["body"]) {
  const manifest = at(body, "Manifest") ?? body;
  return listOf(at(manifest, "Stanzas")).map((stanza) => recordOf(stanza));
}

/** A stanza that went well may carry an `error` too: one that says Success. */
function refusedIn({ StanzaId, Response }: Readonly<Record<string, unknown>>): void {
  const error = at(Response, "error");
  if (error === undefined) return;
  const infos = listOf(at(error, "@Message.ExtendedInfo")).map((info) => recordOf(info));
  const code = textOf(at(error, "code"));
  const codes = [code, ...infos.map(({ MessageId }) => textOf(MessageId))].filter((id) => id !== null);
  if (codes.some((id) => /\.(Success|Created)$/.test(id)) && !infos.some(({ Severity }) => Severity === "Critical"))
    return;
  const said = infos.map(({ Message }) => textOf(Message)).filter((message) => message !== null);
  const title = textOf(at(error, "message"));
  throw new UpstreamError(
    "pod-manager.refused",
    { status: 409, code, title },
    said.join(" ") || title || `stanza ${textOf(StanzaId) ?? ""} of the manifest was refused without a reason`,
  );
}
