ALTER TABLE "allocations" ADD COLUMN "pipes" json DEFAULT '[]'::json NOT NULL;--> statement-breakpoint
ALTER TABLE "hosts" ADD COLUMN "nic_kbps" bigint;--> statement-breakpoint
ALTER TABLE "hosts" ADD COLUMN "nic_used_kbps" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "racks" ADD COLUMN "uplink_kbps" bigint;--> statement-breakpoint
ALTER TABLE "racks" ADD COLUMN "uplink_used_kbps" bigint DEFAULT 0 NOT NULL;