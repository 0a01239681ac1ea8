import { fileURLToPath } from "node:url";

/** A path of the repository, from the sources and from dist/ alike. */
export function inRepository(path: string): string {
  const up = import.meta.url.endsWith(".ts") ? "../" : "../../";
  return fileURLToPath(new URL(up + path, import.meta.url));
}
