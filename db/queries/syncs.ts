import { and, eq, sql } from "drizzle-orm";
import { errorCode } from "../errors.ts";
import { syncs } from "../schema/index.ts";
import type { Db } from "../store.ts";

/** ms, by the database's clock, which all processes share. */
const NOW = sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::float8`;
const until = (leaseMs: number) => sql`clock_timestamp() + make_interval(secs => ${leaseMs / 1000})`;

export async function databaseTime(db: Db): Promise<Date> {
  const [row] = await db.select({ ms: NOW }).from(sql`(values (1)) as one`);
  return new Date(Number(row!.ms));
}

/**
 * Takes the sync of a pod manager for one process. `done`: one that began at `since` or later went well already; `busy`:
 * another process is at it; `gone`: there is no such pod manager; a date: when it began, for whoever got it.
 */
export async function claimSync(
  db: Db,
  { podManagerId, owner, leaseMs, since }: { podManagerId: string; owner: string; leaseMs: number; since: Date },
): Promise<Date | "done" | "busy" | "gone"> {
  try {
    const [got] = await db
      .insert(syncs)
      .values({ podManagerId, owner, ownedUntil: until(leaseMs) })
      .onConflictDoUpdate({
        target: syncs.podManagerId,
        set: { owner, ownedUntil: until(leaseMs) },
        setWhere: sql`(${syncs.ownedUntil} is null or ${syncs.ownedUntil} < clock_timestamp())
          and (${syncs.begunAt} is null or ${syncs.begunAt} < ${since.toISOString()}::timestamptz)`,
      })
      .returning({ ms: NOW });
    if (got !== undefined) return new Date(Number(got.ms));
  } catch (error) {
    if (errorCode(error) === "23503") return "gone"; // foreign_key_violation
    throw error;
  }
  const [row] = await db.select().from(syncs).where(eq(syncs.podManagerId, podManagerId));
  return row?.begunAt != null && row.begunAt >= since ? "done" : "busy";
}

/** False: another process took it, or the pod manager is gone. In a transaction: nobody takes it before that ends. */
export async function keepSync(
  db: Db,
  { podManagerId, owner, leaseMs }: { podManagerId: string; owner: string; leaseMs: number },
): Promise<boolean> {
  const kept = await db
    .update(syncs)
    .set({ ownedUntil: until(leaseMs) })
    .where(and(eq(syncs.podManagerId, podManagerId), eq(syncs.owner, owner)))
    .returning({ id: syncs.podManagerId });
  return kept.length > 0;
}

/** `begunAt`: it went well; null: it did not. */
export async function endSync(
  db: Db,
  { podManagerId, owner, begunAt }: { podManagerId: string; owner: string; begunAt: Date | null },
): Promise<void> {
  await db
    .update(syncs)
    .set({ owner: null, ownedUntil: null, ...(begunAt === null ? {} : { begunAt }) })
    .where(and(eq(syncs.podManagerId, podManagerId), eq(syncs.owner, owner)));
}
