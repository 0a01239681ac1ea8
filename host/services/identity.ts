import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../errors.ts";

/** Whom a token stands for. `roles` are names; the one that counts is `admin`. */
export interface Caller {
  readonly userId: string;
  readonly projectId: string;
  readonly roles: readonly string[];
}

export interface IdentitySource {
  /** null: the token is unknown, expired, without a project, or the source cannot be asked right now. */
  authenticate(token: string): Promise<Caller | null>;
  /** Those of `ids` that are no project. Throws identity.unavailable when the source cannot be asked. */
  unknownProjects(ids: readonly string[]): Promise<string[]>;
}

export function isAdmin(caller: Caller): boolean {
  return caller.roles.includes("admin");
}

/** Tokens that are known beforehand. */
export class TokenTable implements IdentitySource {
  private readonly entries: readonly { readonly digest: Buffer; readonly caller: Caller }[];
  private readonly projects: ReadonlySet<string>;

  constructor(tokens: Readonly<Record<string, Caller>>, projects: readonly string[]) {
    this.entries = Object.entries(tokens).map(([token, caller]) => ({ digest: digestOf(token), caller }));
    this.projects = new Set(projects);
  }

  async authenticate(token: string): Promise<Caller | null> {
    const digest = digestOf(token);
    let found: Caller | null = null;
    // Every entry is compared, each in constant time, so that the time tells nothing about the tokens.
    for (const entry of this.entries) if (timingSafeEqual(entry.digest, digest)) found = entry.caller;
    return found;
  }

  async unknownProjects(ids: readonly string[]): Promise<string[]> {
    return ids.filter((id) => !this.projects.has(id));
  }
}

/**
 * One admin token of the project `demo`, made at the first start and kept in `<stateDir>/token`, readable by the owner
 * only. Known projects are `demo` and `admin`.
 */
export async function localIdentity(stateDir: string): Promise<{ source: IdentitySource; token: string }> {
  await mkdir(stateDir, { recursive: true });
  const path = join(stateDir, "token");
  try {
    // wx: of two processes that start together one makes the token and the other reads it.
    await writeFile(path, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    await chmod(path, 0o600);
  }
  const token = (await readFile(path, "utf8")).trim();
  if (!/^[\x21-\x7e]{16,}$/.test(token)) {
    throw new AppError(
      "file.invalid",
      `${path}: holds no token (at least 16 visible ASCII characters). Remove the file to get a new one.`,
    );
  }
  const caller = { userId: "admin", projectId: "demo", roles: ["admin"] };
  return { source: new TokenTable({ [token]: caller }, ["demo", "admin"]), token };
}

const tokenFile = z.strictObject({
  tokens: z.record(
    z.string().min(1),
    z.strictObject({ user_id: z.string().min(1), project_id: z.string().min(1), roles: z.array(z.string()) }),
  ),
  projects: z.array(z.string()),
});

/**
 * Tokens from a file: `{"tokens": {"<token>": {"user_id", "project_id", "roles"}}, "projects": ["<id>", …]}`.
 * Throws file.invalid naming the file and the field; tokens themselves are never repeated in a message.
 */
export async function fileIdentity(path: string): Promise<IdentitySource> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new AppError("file.invalid", `${path}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message would quote the text around the fault, and so perhaps a token.
    throw new AppError("file.invalid", `${path}: is not JSON`);
  }
  const parsed = tokenFile.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const fields = issue.path.map((key, at) => (at === 1 && issue.path[0] === "tokens" ? "<token>" : String(key)));
    throw new AppError("file.invalid", `${path}: ${fields.join(" -> ") || "the file"}: ${issue.message}`);
  }
  const callers = Object.entries(parsed.data.tokens).map(
    ([token, { user_id: userId, project_id: projectId, roles }]) => [token, { userId, projectId, roles }] as const,
  );
  return new TokenTable(Object.fromEntries(callers), parsed.data.projects);
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
