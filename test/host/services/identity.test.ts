import { chmodSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileIdentity, localIdentity } from "../../../host/services/identity.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";

const fresh = scratchFolders();

describe("the local token", () => {
  test("is made once, is kept for the owner only and stands for an admin of project demo", async () => {
    const folder = join(fresh(), "state");
    const first = await localIdentity(folder);
    const second = await localIdentity(folder);
    expect(second.token).toBe(first.token);
    expect(first.token.length).toBeGreaterThanOrEqual(32);
    expect(statSync(join(folder, "token")).mode & 0o777).toBe(0o600);
    expect(await second.source.authenticate(first.token)).toEqual({
      userId: "admin",
      projectId: "demo",
      roles: ["admin"],
    });
  });

  test("is the same for processes that start together", async () => {
    const folder = fresh();
    const tokens = await Promise.all([1, 2, 3, 4].map(async () => (await localIdentity(folder)).token));
    expect(new Set(tokens).size).toBe(1);
  });

  test("differs between installations, and no other token is taken", async () => {
    const one = await localIdentity(fresh());
    const two = await localIdentity(fresh());
    expect(await one.source.authenticate(two.token)).toBeNull();
    expect(await one.source.authenticate(one.token.slice(0, -1))).toBeNull();
    expect(await one.source.authenticate("")).toBeNull();
  });

  test("that others could read is closed to them at the next start", async () => {
    const folder = fresh();
    await localIdentity(folder);
    chmodSync(join(folder, "token"), 0o644);
    await localIdentity(folder);
    expect(statSync(join(folder, "token")).mode & 0o777).toBe(0o600);
  });

  test("that was damaged is refused with the name of its file", async () => {
    const folder = fresh();
    writeFileSync(join(folder, "token"), "\n");
    await expect(localIdentity(folder)).rejects.toThrow(`${join(folder, "token")}: holds no token`);
  });

  test("knows the projects demo and admin", async () => {
    const { source } = await localIdentity(fresh());
    expect(await source.unknownProjects(["demo", "x", "admin", "constructor"])).toEqual(["x", "constructor"]);
  });
});

describe("a token file", () => {
  const VALID = {
    tokens: {
      "top-secret": { user_id: "u1", project_id: "p1", roles: ["admin"] },
      other: { user_id: "u2", project_id: "p2", roles: [] },
    },
    projects: ["p1", "p2", "p3"],
  };
  const write = (content: unknown) => {
    const path = join(fresh(), "tokens.json");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };

  test("tells who a token stands for and which projects there are", async () => {
    const source = await fileIdentity(write(VALID));
    expect(await source.authenticate("other")).toEqual({ userId: "u2", projectId: "p2", roles: [] });
    expect(await source.authenticate("toString")).toBeNull();
    expect(await source.unknownProjects(["p3", "p4"])).toEqual(["p4"]);
  });

  const damaged: [name: string, content: unknown, message: RegExp][] = [
    ["no JSON", '{"tokens": {"top-secret"', /tokens\.json: is not JSON$/],
    ["no projects", { tokens: VALID.tokens }, /tokens\.json: projects: /],
    ["an unknown key", { ...VALID, users: [] }, /tokens\.json: .*users/],
    [
      "a token without roles",
      { ...VALID, tokens: { "top-secret": { user_id: "u", project_id: "p" } } },
      /tokens -> <token> -> roles/,
    ],
    [
      "a token without a project",
      { ...VALID, tokens: { "top-secret": { user_id: "u", project_id: "", roles: [] } } },
      /<token> -> project_id/,
    ],
    ["a list", [], /tokens\.json: the file/],
  ];
  test.each(damaged)("with %s is refused, naming file and field, never a token", async (_, content, message) => {
    const path = write(content);
    const error = await fileIdentity(path).catch((thrown: unknown) => thrown as Error & { code: string });
    expect(error).toMatchObject({ code: "file.invalid" });
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("top-secret");
  });

  test("that is not there is refused by name", async () => {
    await expect(fileIdentity("/nowhere/tokens.json")).rejects.toThrow("/nowhere/tokens.json: cannot be read (ENOENT)");
  });
});
