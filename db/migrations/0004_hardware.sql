CREATE TABLE "claims" (
	"pod_manager_id" text NOT NULL,
	"resource" text NOT NULL,
	"node_id" text NOT NULL,
	CONSTRAINT "claims_pod_manager_id_resource_pk" PRIMARY KEY("pod_manager_id","resource")
);
--> statement-breakpoint
CREATE TABLE "composed_nodes" (
	"id" text PRIMARY KEY NOT NULL,
	"position" bigserial NOT NULL,
	"pod_manager_id" text NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"index" text NOT NULL,
	"resource_uri" text NOT NULL,
	"managed_by" text,
	"provisioning_id" text,
	"provision_state" text,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "composed_nodes_index" UNIQUE("pod_manager_id","index")
);
--> statement-breakpoint
CREATE TABLE "devices" (
	"id" text PRIMARY KEY NOT NULL,
	"position" bigserial NOT NULL,
	"pod_manager_id" text NOT NULL,
	"resource_uri" text NOT NULL,
	"type" text,
	"state" text NOT NULL,
	"node_index" text,
	"pooled_group_id" text,
	"down" boolean DEFAULT false NOT NULL,
	"properties" jsonb NOT NULL,
	"extra" jsonb NOT NULL,
	"revision" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "devices_resource" UNIQUE("pod_manager_id","resource_uri")
);
--> statement-breakpoint
CREATE TABLE "hardware_flavors" (
	"id" text PRIMARY KEY NOT NULL,
	"position" bigserial NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"properties" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "operations" (
	"id" text PRIMARY KEY NOT NULL,
	"position" bigserial NOT NULL,
	"kind" text NOT NULL,
	"pod_manager_id" text NOT NULL,
	"node_id" text NOT NULL,
	"request_id" text NOT NULL,
	"step" text,
	"step_state" text,
	"direction" text NOT NULL,
	"facts" jsonb NOT NULL,
	"failure" jsonb,
	"owner" text NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "operations_node" UNIQUE("node_id")
);
--> statement-breakpoint
CREATE TABLE "pod_managers" (
	"id" text PRIMARY KEY NOT NULL,
	"position" bigserial NOT NULL,
	"name" text NOT NULL,
	"url" text NOT NULL,
	"address" text NOT NULL,
	"driver" text NOT NULL,
	"authentication" jsonb NOT NULL,
	"secret" text NOT NULL,
	"ca" text,
	"insecure" boolean DEFAULT false NOT NULL,
	"status" text,
	"description" text,
	"location" text,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "pod_managers_name_unique" UNIQUE("name"),
	CONSTRAINT "pod_managers_address_unique" UNIQUE("address")
);
--> statement-breakpoint
CREATE TABLE "syncs" (
	"pod_manager_id" text PRIMARY KEY NOT NULL,
	"owner" text,
	"owned_until" timestamp with time zone,
	"begun_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "claims" ADD CONSTRAINT "claims_pod_manager_id_pod_managers_id_fk" FOREIGN KEY ("pod_manager_id") REFERENCES "public"."pod_managers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "composed_nodes" ADD CONSTRAINT "composed_nodes_pod_manager_id_pod_managers_id_fk" FOREIGN KEY ("pod_manager_id") REFERENCES "public"."pod_managers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "devices" ADD CONSTRAINT "devices_pod_manager_id_pod_managers_id_fk" FOREIGN KEY ("pod_manager_id") REFERENCES "public"."pod_managers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_pod_manager_id_pod_managers_id_fk" FOREIGN KEY ("pod_manager_id") REFERENCES "public"."pod_managers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "syncs" ADD CONSTRAINT "syncs_pod_manager_id_pod_managers_id_fk" FOREIGN KEY ("pod_manager_id") REFERENCES "public"."pod_managers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "devices_node" ON "devices" USING btree ("pod_manager_id","node_index");--> statement-breakpoint
CREATE INDEX "operations_owner" ON "operations" USING btree ("owner");