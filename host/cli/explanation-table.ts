import type { Choice, Explanation } from "../core/model.ts";
import { columns } from "./columns.ts";

const HEAD = ["VM", "HOST", "ADDS", "NEXT BEST", "WOULD ADD", "ALLOWED", "REFUSED BY"];

/** For each VM: what it adds where it stands, the best other host and what it would add there, and the hosts per rule. */
export function explanationTable(explanation: Explanation): string {
  const rows = Object.entries(explanation).map(([vm, { refused, allowed, chosen, runner_up: next }]) => {
    const by = Object.entries(refused).map(([rule, hosts]) => `${rule} ${hosts}`);
    const other = next === null ? ["-", "-"] : [next.host, addsText(next)];
    return [vm, chosen.host, addsText(chosen), ...other, String(allowed), by.join(", ") || "none"];
  });
  return columns([HEAD, ...rows]).join("\n");
}

/** The levels of the objective in their order; those before the last only where something is added. */
function addsText({ adds }: Choice): string {
  const parts: [number, string][] = [
    [adds.hosts_activated, "host activated"],
    [adds.reserved_bw_mbps, "Mbit/s"],
    [adds.hosts_touched, "host touched"],
    [adds.racks_touched, "rack touched"],
  ];
  const added = parts.filter(([count]) => count !== 0).map(([count, what]) => `${count} ${what}`);
  return [...added, `left ${adds.left_bp} bp`].join(", ");
}
