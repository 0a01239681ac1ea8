// What a system or node boots from next. Contract: drivers 1.5.

import { AppError, UpstreamError } from "../../../errors.ts";
import type { Boot } from "../../driver.ts";
import type { RedfishClient, Resource } from "../client.ts";
import { listOf, recordOf, textOf } from "../shapes.ts";

/**
 * @param read reads the resource; again when it changed meanwhile
 * @throws AppError request.invalid naming the targets it takes
 */
export async function setBoot(
  client: RedfishClient,
  read: () => Promise<Resource>,
  boot: Boot,
  signal: AbortSignal,
): Promise<void> {
  const patch = async () => {
    const resource = await read();
    check(resource, boot);
    await client.patch(
      resource.path,
      { Boot: { BootSourceOverrideEnabled: boot.enabled, BootSourceOverrideTarget: boot.target } },
      signal,
      { etag: resource.etag },
    );
  };
  try {
    await patch();
  } catch (error) {
    if (!isRefusal(error, 412)) throw error;
    await patch();
  }
}

function check({ path, body }: Resource, { enabled, target }: Boot): void {
  const current = recordOf(body.Boot);
  for (const [member, value, name] of [
    ["BootSourceOverrideTarget", target, "Boot.Target"],
    ["BootSourceOverrideEnabled", enabled, "Boot.Enabled"],
  ] as const) {
    const listed = current[`${member}@Redfish.AllowableValues`] ?? current[`${member}@DMTF.AllowableValues`];
    const allowed = listOf(listed).map(textOf);
    if (allowed.length > 0 && !allowed.includes(value))
      throw new AppError("request.invalid", `${name} ${value} is not taken by ${path}; it takes ${allowed.join(", ")}`);
  }
}

/** The service said no with one of these statuses. */
export function isRefusal(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof UpstreamError && statuses.includes(error.upstreamStatus);
}
