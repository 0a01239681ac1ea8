CREATE TABLE "server_groups" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"project_id" text,
	"policy" text NOT NULL,
	"most_per_host" integer NOT NULL,
	"members" text[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "servers" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text,
	"project_id" text,
	"state" text NOT NULL,
	"built" boolean NOT NULL,
	"host" text,
	"vcpus" integer,
	"ram_mib" integer,
	"disk_gib" integer,
	"valet" text,
	"group_hints" text[] DEFAULT '{}' NOT NULL,
	"at" bigint,
	"applied_at" bigint NOT NULL,
	"fault" text
);
--> statement-breakpoint
ALTER TABLE "allocations" ADD COLUMN "planned_at" bigint;--> statement-breakpoint
ALTER TABLE "placements" ADD COLUMN "avoid" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
CREATE INDEX "server_groups_members" ON "server_groups" USING gin ("members");--> statement-breakpoint
CREATE INDEX "servers_state" ON "servers" USING btree ("state");--> statement-breakpoint
CREATE INDEX "servers_fault" ON "servers" USING btree ("fault");--> statement-breakpoint
CREATE INDEX "allocations_resource" ON "allocations" USING btree ("resource_id");--> statement-breakpoint
CREATE INDEX "allocations_planned" ON "allocations" USING btree ("planned_at");