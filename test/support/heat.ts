// Templates written for one test, in a folder of their own.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ExpandedStack, expandTemplate } from "../../host/services/heat-template.ts";

export const folder = mkdtempSync(join(tmpdir(), "ostro-heat-"));

/** Writes `stack.yaml` and files beside it, each a HOT template unless it says otherwise, and expands it. */
export function expand(
  body: string,
  parameters: Record<string, string> = {},
  beside: Record<string, string> = {},
): ExpandedStack {
  const template = (text: string) =>
    /^heat_|^AWST|^$/.test(text) ? text : `heat_template_version: 2018-08-31\n${text}`;
  for (const [name, text] of Object.entries(beside)) writeFileSync(join(folder, name), template(text));
  writeFileSync(join(folder, "stack.yaml"), template(body));
  return expandTemplate(join(folder, "stack.yaml"), new Map(Object.entries(parameters)));
}
