import { getTableColumns, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import type { Db } from "../store.ts";

/**
 * Adds rows, or replaces those with the same key (a column's name), all columns given. The rows travel as one JSON
 * parameter: a statement with a parameter a value is ten times slower for 100,000 rows.
 */
export async function upsert<T extends PgTable>(
  tx: Db,
  table: T,
  key: string,
  rows: readonly T["$inferInsert"][],
): Promise<void> {
  const columns = Object.entries(getTableColumns(table)).map(([property, { name }]) => ({ property, name }));
  const names = sql.join(
    columns.map(({ name }) => sql.identifier(name)),
    sql`, `,
  );
  const set = sql.join(
    columns.map(({ name }) => sql`${sql.identifier(name)} = excluded.${sql.identifier(name)}`),
    sql`, `,
  );
  await inChunks(rows, async (chunk) => {
    const records = (chunk as Record<string, unknown>[]).map((row) =>
      Object.fromEntries(columns.map(({ property, name }) => [name, row[property]])),
    );
    await tx.execute(sql`
      insert into ${table} (${names})
      select ${names} from json_populate_recordset(null::${table}, ${JSON.stringify(records)}::json)
      on conflict (${sql.identifier(key)}) do update set ${set}`);
  });
}

/** A statement takes at most 65,535 parameters; ten thousand rows of a few columns, or as JSON, stay below. */
export async function inChunks<T>(rows: readonly T[], use: (chunk: T[]) => Promise<void>): Promise<void> {
  for (let at = 0; at < rows.length; at += 5_000) await use(rows.slice(at, at + 5_000));
}
