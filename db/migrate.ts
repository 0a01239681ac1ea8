import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The migrations beside this file, or where the compiled file finds them in the package. */
export const migrationsFolder: string = [
  new URL("./migrations", import.meta.url),
  new URL("../../db/migrations", import.meta.url),
]
  .map((url) => fileURLToPath(url))
  .find((path) => existsSync(path))!;
