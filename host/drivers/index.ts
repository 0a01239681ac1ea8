// The list of drivers, and where others come from.

import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "../errors.ts";
import type { Driver } from "./driver.ts";
import { expether } from "./expether.ts";
import { redfishv1 } from "./redfishv1.ts";
import { redfishv2 } from "./redfishv2.ts";

export type * from "./driver.ts";

/** Those that come with Ostro, by name. */
export const drivers: ReadonlyMap<string, Driver> = new Map(
  [
    redfishv1, // Intel RSD pod managers
    expether, // NEC's ExpEther managers
    redfishv2, // DMTF's CompositionService
    expether, // NEC ExpEther managers
  ].map((driver) => [driver.name, driver]),
);

/**
 * A driver of somebody else's.
 * @param module path of a file (from the working directory when relative), or name of an installed package; its default export,
 *   or `driver`, is the driver
 * @throws AppError config.invalid saying what is wrong with it
 */
export async function loadDriver(module: string): Promise<Driver> {
  const specifier = /^\.{0,2}\//.test(module) || isAbsolute(module) ? pathToFileURL(resolve(module)).href : module;
  let loaded: { default?: unknown; driver?: unknown };
  try {
    loaded = await import(specifier);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("config.invalid", `driver module ${module} cannot be loaded: ${reason}`, { cause });
  }
  const found = isDriver(loaded.default) ? loaded.default : loaded.driver;
  if (isDriver(found)) return found;
  throw new AppError(
    "config.invalid",
    `driver module ${module} exports no driver.\n` +
      `Its default export, or "driver", must be an object with a name (text) and connect (a function).`,
  );
}

function isDriver(value: unknown): value is Driver {
  if (typeof value !== "object" || value === null) return false;
  const { name, connect } = value as Partial<Record<keyof Driver, unknown>>;
  return typeof name === "string" && name !== "" && typeof connect === "function";
}
