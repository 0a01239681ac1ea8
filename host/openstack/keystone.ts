import { createHash } from "node:crypto";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { type CloudLogin, CloudSession, reasonOf } from "./cloud-session.ts";

export interface KeystoneOptions extends CloudLogin {
  /** For how long a valid token is trusted without asking again, seconds. A revoked token lives on for that long. */
  readonly cacheSeconds?: number;
  readonly log: (message: string, details: Record<string, unknown>) => void;
}

interface Caller {
  readonly userId: string;
  readonly projectId: string;
  readonly roles: readonly string[];
}

const CACHE_ENTRIES = 1000;
/** For each answer, ms: a caller waits for it. */
const LIMIT_MS = 5_000;

// `project` is absent in unscoped and in domain-scoped tokens.
const tokenAnswer = z.object({
  token: z.object({
    user: z.object({ id: z.string() }),
    project: z.object({ id: z.string() }).optional(),
    roles: z.array(z.object({ name: z.string() })).default([]),
    expires_at: z.string(),
  }),
});
const projectAnswer = z.object({ project: z.object({ id: z.string(), enabled: z.boolean().default(true) }) });

/** An identity source that asks Keystone, API version 3 (the only one since the Queens release). */
export class Keystone {
  private readonly options: KeystoneOptions;
  private readonly session: CloudSession;
  /** Hash of the token -> caller; in order of insertion, the oldest is dropped first. */
  private readonly cache = new Map<string, { readonly caller: Caller; readonly until: number }>();
  private readonly asked = new Map<string, Promise<Caller | null>>();

  /** The service user may validate tokens and read projects: role admin, or service. */
  constructor(options: KeystoneOptions) {
    this.options = options;
    this.session = new CloudSession({ timeoutMs: LIMIT_MS, ...options });
  }

  /** null when Keystone knows no such token, the token has no project, or Keystone cannot be asked (then it logs). */
  async authenticate(token: string): Promise<Caller | null> {
    const key = createHash("sha256").update(token).digest("base64");
    const cached = this.cache.get(key);
    if (cached && cached.until > Date.now()) return cached.caller;
    this.cache.delete(key);
    let answer = this.asked.get(key);
    if (!answer) {
      answer = this.validate(token, key).finally(() => this.asked.delete(key));
      this.asked.set(key, answer);
    }
    return answer;
  }

  /** Those of `ids` that are no enabled project. Throws identity.unavailable when Keystone cannot be asked. */
  async unknownProjects(ids: readonly string[]): Promise<string[]> {
    const unknown: string[] = [];
    for (const id of ids) if (!(await this.isProject(id))) unknown.push(id);
    return unknown;
  }

  private async validate(token: string, key: string): Promise<Caller | null> {
    try {
      const response = await this.ask("/auth/tokens?nocatalog", { "X-Subject-Token": token });
      if (response.status === 404 || response.status === 400) return null;
      if (response.status !== 200) throw new Error(`Keystone answered ${response.status} when asked about a token`);
      const { token: facts } = tokenAnswer.parse(response.json());
      if (!facts.project) return null;
      const caller = {
        userId: facts.user.id,
        projectId: facts.project.id,
        roles: facts.roles.map((role) => role.name),
      };
      const until = Math.min(Date.now() + (this.options.cacheSeconds ?? 30) * 1000, Date.parse(facts.expires_at));
      this.remember(key, { caller, until });
      return caller;
    } catch (error) {
      this.options.log("a token cannot be checked and counts as invalid", { reason: reasonOf(error) });
      return null;
    }
  }

  private remember(key: string, entry: { readonly caller: Caller; readonly until: number }): void {
    this.cache.set(key, entry);
    if (this.cache.size > CACHE_ENTRIES) this.cache.delete(this.cache.keys().next().value!);
  }

  private async isProject(id: string): Promise<boolean> {
    // Anything else is no Keystone id, and `..` would change the path.
    if (!/^[\w-]{1,64}$/.test(id)) return false;
    try {
      const response = await this.ask(`/projects/${id}`, {});
      if (response.status === 404) return false;
      if (response.status !== 200) throw new Error(`Keystone answered ${response.status} when asked about a project`);
      return projectAnswer.parse(response.json()).project.enabled;
    } catch (cause) {
      const message = `The identity service cannot be asked about projects: ${reasonOf(cause)}`;
      this.options.log(message, {});
      throw new AppError("identity.unavailable", message, { cause });
    }
  }

  private async ask(path: string, headers: Record<string, string>): Promise<{ status: number; json: () => unknown }> {
    const { status, body } = await this.session.ask(`${this.session.keystoneUrl}${path}`, { headers });
    return { status, json: () => JSON.parse(body.toString("utf8")) };
  }
}
