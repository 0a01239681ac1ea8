import { describe, expect, it } from "vitest";
import { memberPath, originOf, pathOf, pathOrNull } from "../../../../host/drivers/redfish/reference.ts";
import { lastSegment } from "../../../../host/drivers/redfish/shapes.ts";
import type { AppError } from "../../../../host/errors.ts";

const ORIGIN = "https://podm.example:8443";

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as AppError).code;
  }
  return "no error";
}

describe("a registered URL", () => {
  it.each([
    ["https://podm.example:8443", ORIGIN],
    ["https://podm.example:8443/", ORIGIN],
    ["https://podm.example:8443/redfish/v1", ORIGIN],
    ["https://podm.example:8443/redfish/v1/", ORIGIN],
    ["https://podm.example:8443//redfish/v1//", ORIGIN],
    ["https://podm.example:443/redfish", "https://podm.example"],
    ["http://[::1]:8000", "http://[::1]:8000"],
  ])("%s stands for one origin", (url, origin) => expect(originOf(url)).toBe(origin));

  it.each([
    ["podm.example", /is no URL/],
    ["ftp://podm.example", /neither http nor https/],
    ["file:///etc/passwd", /neither http nor https/],
    ["https://podm.example/rest/v1", /has a path that is not \/redfish\/v1/],
  ])("%s is refused, and why is said", (url, why) => expect(() => originOf(url)).toThrow(why));

  it("with credentials is refused without repeating them", () => {
    expect(() => originOf("https://admin:hush@podm.example")).toThrow(/^url holds credentials/);
  });
});

describe("a reference", () => {
  it.each<[string, unknown, string]>([
    ["relative", "/redfish/v1/Nodes/1", "/redfish/v1/Nodes/1"],
    ["absolute", `${ORIGIN}/redfish/v1/Nodes/1`, "/redfish/v1/Nodes/1"],
    ["without a leading slash", "redfish/v1/Nodes/1", "/redfish/v1/Nodes/1"],
    ["with a slash at the end", "/redfish/v1/Nodes/1/", "/redfish/v1/Nodes/1"],
    ["with a fragment", "/redfish/v1/Nodes/1#/Processors/0", "/redfish/v1/Nodes/1"],
    ["with a slash and a fragment", "/redfish/v1/Nodes/1/#/Boot", "/redfish/v1/Nodes/1"],
    ["as an object", { "@odata.id": "/redfish/v1/Nodes/1" }, "/redfish/v1/Nodes/1"],
    ["with a query", "/redfish/v1/Nodes?$skip=2", "/redfish/v1/Nodes?$skip=2"],
    ["with blanks", "/redfish/v1/Systems/a b", "/redfish/v1/Systems/a%20b"],
    ["with credentials, which are dropped", "https://x:y@podm.example:8443/redfish/v1/A", "/redfish/v1/A"],
  ])("%s leads to a path", (_, reference, path) => expect(pathOf(reference as string, ORIGIN)).toBe(path));

  it.each<[string, unknown]>([
    ["to another host", "https://evil.example/redfish/v1/Nodes/1"],
    ["to another host in disguise", "//evil.example/redfish/v1/Nodes/1"],
    ["to another host by backslashes", "\\\\evil.example\\redfish"],
    ["to another port", "https://podm.example/redfish/v1/Nodes/1"],
    ["to another scheme", "http://podm.example:8443/redfish/v1/Nodes/1"],
    ["to a file", "file:///etc/passwd"],
    ["to the cloud's secrets", "http://169.254.169.254/latest/meta-data"],
    ["that is empty", ""],
    ["that is an empty object", {}],
    ["that is null inside", { "@odata.id": null }],
    ["that is a number", { "@odata.id": 7 }],
    ["that is no URL", "https://["],
  ])("%s is not followed", (_, reference) => {
    expect(codeOf(() => pathOf(reference as string, ORIGIN))).toBe("pod-manager.unreadable");
    expect(pathOrNull(reference, ORIGIN)).toBeNull();
  });
});

describe("an id that a caller names", () => {
  it.each([
    ["1", "/redfish/v1/Systems/1"],
    ["a/b", "/redfish/v1/Systems/a%2Fb"],
    ["../Managers", "/redfish/v1/Systems/..%2FManagers"],
    ["x?y#z", "/redfish/v1/Systems/x%3Fy%23z"],
  ])("%s stays one segment", (id, path) => {
    expect(memberPath("/redfish/v1/Systems/", id)).toBe(path);
    expect(lastSegment(path)).toBe(id);
  });

  it.each(["", ".", ".."])("%j names nothing", (id) => {
    expect(() => memberPath("/redfish/v1/Systems", id)).toThrow(expect.objectContaining({ upstreamStatus: 404 }));
  });
});
