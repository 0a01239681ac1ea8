import { AppError } from "../../errors.ts";

/**
 * The URL of a pod manager in a form in which two that lead to the same one are equal, as two records of one pod manager
 * would give its hardware twice. Only names that stand for the same host are not told.
 * @throws AppError request.invalid
 */
export function addressOf(url: string): string {
  const wrong = (what: string) =>
    new AppError("request.invalid", `url: ${what}, expected one like https://HOST:PORT/redfish/v1`);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw wrong("it is no absolute URL");
  }
  const { protocol, host, username, password, search, hash, pathname } = parsed;
  if (protocol !== "https:" && protocol !== "http:") throw wrong("it is neither https nor http");
  if (username !== "" || password !== "")
    throw new AppError("request.invalid", "url: credentials belong into authentication, not into the URL");
  if (search !== "" || hash !== "") throw wrong("it has a query or a fragment");
  const path = pathname.replaceAll(/\/+/g, "/").replace(/(\/redfish(\/v1)?)?\/?$/, "");
  return `${protocol}//${host}${path}`;
}
