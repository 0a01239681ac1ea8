import { bigserial, boolean, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** Pod managers. Passwords are in `secret` alone, encrypted. */
export const podManagers = pgTable("pod_managers", {
  id: text("id").primaryKey(),
  /** Order of creation. */
  position: bigserial("position", { mode: "number" }).notNull(),
  name: text("name").notNull().unique(),
  /** As it was given. */
  url: text("url").notNull(),
  /** The URL in a form in which two that lead to the same pod manager are equal. */
  address: text("address").notNull().unique(),
  driver: text("driver").notNull(),
  /** As the API shows it: passwords are masked. */
  authentication: jsonb("authentication").$type<readonly AuthenticationEntry[]>().notNull(),
  /** The passwords of `authentication`, in its order, encrypted. */
  secret: text("secret").notNull(),
  /** Authorities to trust for https, PEM; null: those of Node. */
  ca: text("ca"),
  /** Its certificate is not verified. */
  insecure: boolean("insecure").notNull().default(false),
  status: text("status", { enum: ["Online", "Offline", "Unknown"] }),
  description: text("description"),
  location: text("location"),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull(),
});

export interface AuthenticationEntry {
  readonly type: string;
  readonly auth_items: { readonly username: string; readonly password: string };
}
