// Rules of nesting, without recursion: a stack may nest as deep as it has resources.

import { LEVELS } from "../core/model.ts";
import { fault, quote } from "./application-fault.ts";
import { type DeclaredGroup, labelOf, type Member } from "./application-groups.ts";

const SHORT = { affinity: "AFF", diversity: "DIV", exclusivity: "EX" } as const;
const LONGEST_CIRCLE = 8;

/**
 * Indices of the groups, nested ones before those that hold them.
 * @throws AppError application.invalid for circles, levels above the holder's, and diversity or exclusivity inside either
 */
export function nestedFirst(groups: readonly DeclaredGroup[]): number[] {
  const order: number[] = [];
  const state = new Uint8Array(groups.length); // 0 new, 1 on the path, 2 done
  const at = new Int32Array(groups.length); // next member to look at
  for (let start = 0; start < groups.length; start++) {
    if (state[start] !== 0) continue;
    const path = [start];
    state[start] = 1;
    while (path.length > 0) {
      const holder = path[path.length - 1]!;
      const group = groups[holder]!;
      const member = group.members[at[holder]!++];
      if (member === undefined) {
        state[holder] = 2;
        order.push(holder);
        path.pop();
      } else if (member.kind === "group") {
        if (state[member.group] === 1) throw circle(groups, path.slice(path.indexOf(member.group)));
        checkNesting(group, groups[member.group]!, member);
        if (state[member.group] === 0) {
          state[member.group] = 1;
          path.push(member.group);
        }
      }
    }
  }
  return order;
}

function checkNesting(holder: DeclaredGroup, nested: DeclaredGroup, { from }: Member): void {
  const field = "properties.resources";
  if (holder.type !== "affinity" && nested.type !== "affinity") {
    const short = holder.type === "diversity" ? SHORT[nested.type] : `(${SHORT[nested.type]})`;
    const text = `${short} not allowed to be nested in ${holder.type} group: ${quote(labelOf(nested))} is a group of type ${nested.type}`;
    throw fault(from, field, `${text}; only servers and affinity groups may be members`);
  }
  if (LEVELS.indexOf(nested.level) > LEVELS.indexOf(holder.level)) {
    const text = `grouping scope: nested group's level is higher: ${quote(labelOf(nested))} has level ${nested.level}`;
    throw fault(
      holder.key,
      field,
      `${text}, this group ${holder.level}; give this group level ${nested.level} or higher`,
    );
  }
}

function circle(groups: readonly DeclaredGroup[], path: readonly number[]): Error {
  const keys = path.slice(0, LONGEST_CIRCLE).map((index) => quote(labelOf(groups[index]!)));
  if (path.length > LONGEST_CIRCLE) keys.push(`${path.length - LONGEST_CIRCLE} more`);
  const first = groups[path[0]!]!;
  return fault(
    first.key,
    "properties.resources",
    `circular group reference: ${[...keys, quote(labelOf(first))].join(" holds ")}`,
  );
}
