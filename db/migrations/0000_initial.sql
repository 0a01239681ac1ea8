CREATE TABLE "aggregates" (
	"name" text PRIMARY KEY NOT NULL,
	"metadata" json NOT NULL,
	"generation" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "allocations" (
	"id" text PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"host" text NOT NULL,
	"vcpus" bigint NOT NULL,
	"ram_mib" bigint NOT NULL,
	"disk_gib" bigint NOT NULL,
	"groups" text[] NOT NULL,
	"plan_id" text,
	"project_id" text,
	"resource_id" text,
	"generation" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "clusters" (
	"name" text PRIMARY KEY NOT NULL,
	"generation" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "flavors" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"position" bigint NOT NULL,
	"vcpus" bigint NOT NULL,
	"ram_mib" bigint NOT NULL,
	"disk_gib" bigint NOT NULL,
	"extra_specs" json NOT NULL,
	"generation" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "group_members" (
	"group_id" text NOT NULL,
	"project_id" text NOT NULL,
	"position" bigserial NOT NULL,
	CONSTRAINT "group_members_group_id_project_id_pk" PRIMARY KEY("group_id","project_id")
);
--> statement-breakpoint
CREATE TABLE "groups" (
	"id" text PRIMARY KEY NOT NULL,
	"position" bigserial NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"type" text NOT NULL,
	"level" text,
	CONSTRAINT "groups_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "hosts" (
	"name" text PRIMARY KEY NOT NULL,
	"position" bigint NOT NULL,
	"rack" text,
	"cluster" text,
	"zone" text,
	"aggregates" text[] NOT NULL,
	"up" boolean NOT NULL,
	"present" boolean DEFAULT true NOT NULL,
	"vcpus" bigint NOT NULL,
	"ram_mib" bigint NOT NULL,
	"disk_gib" bigint NOT NULL,
	"physical_vcpus" bigint NOT NULL,
	"physical_ram_mib" bigint NOT NULL,
	"used_vcpus" bigint NOT NULL,
	"used_ram_mib" bigint NOT NULL,
	"used_disk_gib" bigint NOT NULL,
	"generation" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "inventory" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"version" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "inventory_one_row" CHECK ("inventory"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "placements" (
	"id" text PRIMARY KEY NOT NULL,
	"plan_id" text NOT NULL,
	"position" integer NOT NULL,
	"orchestration_id" text NOT NULL,
	"name" text NOT NULL,
	"resource_id" text,
	"location" text NOT NULL,
	"reserved" boolean NOT NULL,
	"metadata" json NOT NULL,
	"generation" bigint NOT NULL,
	CONSTRAINT "placements_plan_orchestration" UNIQUE("plan_id","orchestration_id")
);
--> statement-breakpoint
CREATE TABLE "plans" (
	"id" text PRIMARY KEY NOT NULL,
	"position" bigserial NOT NULL,
	"stack_id" text NOT NULL,
	"name" text NOT NULL,
	"project_id" text NOT NULL,
	"request_hash" text NOT NULL,
	"application" json NOT NULL,
	"revision" bigint NOT NULL,
	"generation" bigint NOT NULL,
	CONSTRAINT "plans_stack_id_unique" UNIQUE("stack_id")
);
--> statement-breakpoint
CREATE TABLE "racks" (
	"name" text PRIMARY KEY NOT NULL,
	"cluster" text,
	"generation" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "allocations" ADD CONSTRAINT "allocations_host_hosts_name_fk" FOREIGN KEY ("host") REFERENCES "public"."hosts"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "group_members" ADD CONSTRAINT "group_members_group_id_groups_id_fk" FOREIGN KEY ("group_id") REFERENCES "public"."groups"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "hosts" ADD CONSTRAINT "hosts_rack_racks_name_fk" FOREIGN KEY ("rack") REFERENCES "public"."racks"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "hosts" ADD CONSTRAINT "hosts_cluster_clusters_name_fk" FOREIGN KEY ("cluster") REFERENCES "public"."clusters"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "placements" ADD CONSTRAINT "placements_plan_id_plans_id_fk" FOREIGN KEY ("plan_id") REFERENCES "public"."plans"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "racks" ADD CONSTRAINT "racks_cluster_clusters_name_fk" FOREIGN KEY ("cluster") REFERENCES "public"."clusters"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "allocations_host" ON "allocations" USING btree ("host");--> statement-breakpoint
CREATE INDEX "allocations_plan" ON "allocations" USING btree ("plan_id");--> statement-breakpoint
CREATE INDEX "allocations_groups" ON "allocations" USING gin ("groups");--> statement-breakpoint
CREATE INDEX "group_members_project" ON "group_members" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "hosts_generation" ON "hosts" USING btree ("generation");--> statement-breakpoint
CREATE INDEX "placements_orchestration" ON "placements" USING btree ("orchestration_id");--> statement-breakpoint
CREATE INDEX "placements_resource" ON "placements" USING btree ("resource_id");--> statement-breakpoint
CREATE INDEX "placements_location" ON "placements" USING btree ("location");