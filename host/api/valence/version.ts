import type { MiddlewareHandler } from "hono";
import { AppError } from "../../errors.ts";
import { clip } from "../body.ts";
import type { ValenceEnv, Version } from "./context.ts";

/** Oldest first. Contract: valence-rest, section 12. */
const VERSIONS: readonly [Version, ...Version[]] = ["1.0", "1.1"];

export const OLDEST: Version = VERSIONS[0];
export const NEWEST: Version = VERSIONS[VERSIONS.length - 1]!;

/** Finds out which version a request asks for, and says which one answers. */
export const microversion: MiddlewareHandler<ValenceEnv> = async (c, next) => {
  c.set("version", OLDEST);
  c.header("OpenStack-API-Minimum-Version", `valence ${OLDEST}`);
  c.header("OpenStack-API-Maximum-Version", `valence ${NEWEST}`);
  c.header("Vary", "OpenStack-API-Version");
  const version = versionOf(c.req.header("OpenStack-API-Version") ?? "");
  c.set("version", version);
  c.header("OpenStack-API-Version", `valence ${version}`);
  await next();
};

/**
 * Of `OpenStack-API-Version: compute 2.1, valence 1.1`; without a word for us the oldest.
 * @throws AppError request.not-acceptable
 */
function versionOf(header: string): Version {
  for (const entry of header.split(",")) {
    const words = entry.trim().toLowerCase().split(/\s+/);
    // Some clients leave the name of the service out.
    const wanted = words.length === 1 ? words[0]! : words[0] === "valence" ? words.slice(1).join(" ") : "";
    if (wanted === "") continue;
    if (wanted === "latest") return NEWEST;
    const known = VERSIONS.find((version) => version === wanted);
    if (known) return known;
    throw new AppError(
      "request.not-acceptable",
      `OpenStack-API-Version: there is no version ${clip(wanted, 40)}, but ${VERSIONS.join(" and ")}.`,
    );
  }
  return OLDEST;
}

/** As the version shows a moment, to the second, UTC. */
export function timeText(moment: Date, version: Version): string {
  const [day, time] = moment.toISOString().slice(0, 19).split("T");
  return version === "1.0" ? `${day} ${time} UTC` : `${day}T${time}+00:00`;
}
