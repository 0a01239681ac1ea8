import type { PodManagerFailure } from "../../services/hardware/systems.ts";
import { clip } from "../body.ts";

const MOST = 10;

/** Which pod managers are not in an answer, and why; no header when all are. */
export function warningOf(failed: readonly PodManagerFailure[]): Record<string, string> {
  if (failed.length === 0) return {};
  const shown = failed
    .slice(0, MOST)
    .map(({ podManagerId, reason }) => `199 ostro "pod manager ${podManagerId}: ${headerText(reason.message)}"`);
  return { Warning: shown.join(", ") };
}

/** What may stand between quotes in a header. */
function headerText(text: string): string {
  return clip(text.replaceAll(/[^\x20-\x7e]+/g, " ").replaceAll(/["\\]/g, "'"), 200).replace("…", "...");
}
