// Server groups of Nova as groups of ours.
import type { ServerGroupRow } from "../../db/queries/servers.ts";
import { type Group, groupKey } from "../core/model.ts";

const RULES = {
  affinity: { type: "affinity", soft: false },
  "anti-affinity": { type: "diversity", soft: false },
  "soft-affinity": { type: "affinity", soft: true },
  "soft-anti-affinity": { type: "diversity", soft: true },
} as const satisfies Record<string, { type: Group["type"]; soft: boolean }>;

export type Policy = keyof typeof RULES;
export const POLICIES = Object.keys(RULES) as Policy[];

export function isPolicy(text: string): text is Policy {
  return Object.hasOwn(RULES, text);
}

const KEY = /^host:(AFF|DIV):nova-group:/;

/** What the group is called among ours; the colon keeps it apart from groups of Valet. */
export function serverGroupName(id: string): string {
  return `nova-group:${id}`;
}

/** All of them are about hosts. `soft`: it is kept where that is possible. */
export function ruleOf(policy: Policy): { type: Group["type"]; soft: boolean } {
  return RULES[policy];
}

/** The keys of a server's groups with those of its server groups: members never leave one. */
export function withServerGroups(keys: readonly string[], serverGroups: readonly ServerGroupRow[]): string[] {
  return [...new Set([...keys, ...serverGroups.map(keyOf)])].sort();
}

/** The keys without those of server groups that are not among all that there are. */
export function withoutOthers(keys: readonly string[], serverGroups: readonly ServerGroupRow[]): string[] {
  const known = new Set(serverGroups.map(keyOf));
  return keys.filter((key) => !KEY.test(key) || known.has(key));
}

function keyOf({ id, policy }: ServerGroupRow): string {
  return groupKey({ level: "host", type: RULES[policy].type, name: serverGroupName(id) });
}
