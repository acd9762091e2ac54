/** Presence: tickets, claims of devices, evidence, displays, head counts, re-checks, later devices. */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261124023419 extends Migration {
  override up(): void {
    this.addSql(
      `create table "building_network" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "campus_id" uuid not null, "building" text not null, "network" cidr not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "building_network" add constraint "building_network_campus_id_building_network_unique" unique ("campus_id", "building", "network");`,
    );

    this.addSql(
      `create table "device_code" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "user_id" uuid not null, "code_hash" text not null, "expires_at" timestamptz not null, "attempts" int not null default 0, "used_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(
      `create index "device_code_user_id_created_at_index" on "device_code" ("user_id", "created_at");`,
    );

    this.addSql(
      `create table "session_display" ("session_id" uuid not null, "started_at" timestamptz not null, "started_by_id" uuid not null, "mode" text not null, "static_step_minutes" int null, "static_expiry_minutes" int null, "text_code" boolean not null default false, "exit_started_at" timestamptz null, primary key ("session_id"));`,
    );

    this.addSql(
      `create table "session_device_claim" ("session_id" uuid not null, "device_key_id" uuid not null, "student_id" uuid not null, "claimed_at" timestamptz not null default app_clock(), primary key ("session_id", "device_key_id"));`,
    );

    this.addSql(
      `create table "scan_ticket" ("id" uuid not null, "secret_hash" text not null, "session_id" uuid not null, "student_id" uuid not null, "device_key_id" uuid not null, "issued_at" timestamptz not null default app_clock(), "expires_at" timestamptz not null, "used_at" timestamptz null, "attempts" int not null default 0, primary key ("id"));`,
    );
    this.addSql(
      `alter table "scan_ticket" add constraint "scan_ticket_secret_hash_unique" unique ("secret_hash");`,
    );
    this.addSql(
      `create index "scan_ticket_session_id_student_id_issued_at_index" on "scan_ticket" ("session_id", "student_id", "issued_at");`,
    );
    this.addSql(`create index "scan_ticket_expires_at_index" on "scan_ticket" ("expires_at");`);

    this.addSql(
      `create table "scan_refusal" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "session_id" uuid not null, "student_id" uuid not null, "device_key_id" uuid null, "code" text not null, "other_student_id" uuid null, primary key ("id"));`,
    );
    this.addSql(
      `create index "scan_refusal_session_id_created_at_index" on "scan_refusal" ("session_id", "created_at");`,
    );
    this.addSql(`create index "scan_refusal_created_at_index" on "scan_refusal" ("created_at");`);

    this.addSql(
      `create table "recheck" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "session_id" uuid not null, "status" text not null, "started_by_id" uuid null, "percent" int not null, "due_at" timestamptz not null, "started_at" timestamptz null, "ends_at" timestamptz null, "settled_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "recheck" add constraint "recheck_session_id_unique" unique ("session_id");`,
    );

    this.addSql(
      `create table "recheck_pick" ("recheck_id" uuid not null, "student_id" uuid not null, "was_flagged" boolean not null default false, "passed_at" timestamptz null, "missed" boolean not null default false, primary key ("recheck_id", "student_id"));`,
    );

    this.addSql(
      `create table "presence_evidence" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "session_id" uuid not null, "student_id" uuid not null, "step" bigint not null, "op_id" uuid not null, "via" text not null, "purpose" text not null, "device_key_id" uuid not null, "ticket_id" uuid not null, "network" text not null, "geofence" text not null, "geofence_reason" text null, "distance_m" int null, "accuracy_m" int null, "position_hash" text null, "level" text not null, "geofence_mode" text not null, "risk_score" int not null, "risk_parts" jsonb not null, "verdict" text not null, primary key ("id"));`,
    );
    this.addSql(`create index "presence_evidence_op_id_index" on "presence_evidence" ("op_id");`);
    this.addSql(
      `create index "presence_evidence_device_key_id_position_hash_index" on "presence_evidence" ("device_key_id", "position_hash");`,
    );
    this.addSql(
      `alter table "presence_evidence" add constraint "presence_evidence_once_per_step" unique ("session_id", "step", "student_id");`,
    );

    this.addSql(
      `create table "head_count" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "session_id" uuid not null, "heads" int not null, "marked" int not null, "tolerance" int not null, "outcome" text not null, "counted_by_id" uuid not null, primary key ("id"));`,
    );
    this.addSql(
      `create index "head_count_session_id_created_at_index" on "head_count" ("session_id", "created_at");`,
    );

    this.addSql(
      `alter table "device_binding" add "slot" int not null default 1, add "pending_until" timestamptz null, add "replaces_id" uuid null, add "approved_by_id" uuid null;`,
    );
    this.addSql(
      `alter table "device_binding" add constraint "device_binding_replaces_id_foreign" foreign key ("replaces_id") references "device_binding" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "device_binding" add constraint "device_binding_approved_by_id_foreign" foreign key ("approved_by_id") references "app_user" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "room" add "fence_lat" double precision null, add "fence_lng" double precision null, add "fence_radius_m" int null, add "fence_polygon" jsonb null;`,
    );

    this.addSql(
      `alter table "building_network" add constraint "building_network_campus_id_foreign" foreign key ("campus_id") references "campus" ("id");`,
    );

    this.addSql(
      `alter table "device_code" add constraint "device_code_user_id_foreign" foreign key ("user_id") references "app_user" ("id");`,
    );

    this.addSql(
      `alter table "session_display" add constraint "session_display_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id") on update cascade on delete cascade;`,
    );
    this.addSql(
      `alter table "session_display" add constraint "session_display_started_by_id_foreign" foreign key ("started_by_id") references "app_user" ("id");`,
    );
    this.addSql(
      `alter table "session_display" add constraint "session_display_mode_check" check (mode in ('rotating','static'));`,
    );

    this.addSql(
      `alter table "session_device_claim" add constraint "session_device_claim_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id") on update cascade on delete cascade;`,
    );
    this.addSql(
      `alter table "session_device_claim" add constraint "session_device_claim_device_key_id_foreign" foreign key ("device_key_id") references "device_key" ("id") on update cascade on delete cascade;`,
    );
    this.addSql(
      `alter table "session_device_claim" add constraint "session_device_claim_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );

    this.addSql(
      `alter table "scan_ticket" add constraint "scan_ticket_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "scan_ticket" add constraint "scan_ticket_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );
    this.addSql(
      `alter table "scan_ticket" add constraint "scan_ticket_device_key_id_foreign" foreign key ("device_key_id") references "device_key" ("id");`,
    );

    this.addSql(
      `alter table "scan_refusal" add constraint "scan_refusal_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "scan_refusal" add constraint "scan_refusal_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );
    this.addSql(
      `alter table "scan_refusal" add constraint "scan_refusal_device_key_id_foreign" foreign key ("device_key_id") references "device_key" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "scan_refusal" add constraint "scan_refusal_other_student_id_foreign" foreign key ("other_student_id") references "student" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "recheck" add constraint "recheck_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "recheck" add constraint "recheck_started_by_id_foreign" foreign key ("started_by_id") references "app_user" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "recheck" add constraint "recheck_status_check" check (status in ('planned','running','settled','cancelled'));`,
    );

    this.addSql(
      `alter table "recheck_pick" add constraint "recheck_pick_recheck_id_foreign" foreign key ("recheck_id") references "recheck" ("id") on update cascade on delete cascade;`,
    );
    this.addSql(
      `alter table "recheck_pick" add constraint "recheck_pick_student_id_foreign" foreign key ("student_id") references "student" ("id") on update cascade on delete cascade;`,
    );

    this.addSql(
      `alter table "presence_evidence" add constraint "presence_evidence_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "presence_evidence" add constraint "presence_evidence_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );
    this.addSql(
      `alter table "presence_evidence" add constraint "presence_evidence_device_key_id_foreign" foreign key ("device_key_id") references "device_key" ("id");`,
    );

    this.addSql(
      `alter table "head_count" add constraint "head_count_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "head_count" add constraint "head_count_counted_by_id_foreign" foreign key ("counted_by_id") references "app_user" ("id");`,
    );
    this.addSql(
      `alter table "head_count" add constraint "head_count_heads_check" check (heads >= 0);`,
    );

    // Rules of presence.md section 4 that entities cannot say.
    this.addSql(`drop index "device_binding_one_active_per_key";`);
    this.addSql(
      `alter table "device_binding" add constraint "device_binding_slot_check" check (slot between 1 and 3);`,
    );
    this.addSql(
      `create unique index "device_binding_one_per_slot" on "device_binding" ("device_key_id", "slot") where "status" in ('active', 'pending');`,
    );
    this.addSql(
      `create unique index "device_binding_one_pending_per_user" on "device_binding" ("user_id") where "status" = 'pending';`,
    );
    this.addSql(
      `create index "presence_evidence_position" on "presence_evidence" ("session_id", "position_hash") where "position_hash" is not null;`,
    );
    this.addSql(
      `create index "recheck_due" on "recheck" ("due_at") where "status" in ('planned', 'running');`,
    );
    // Sessions made before have the defaults of the new rules.
    this.addSql(
      `update "attendance_session" set "policy" = '{"qrStepSeconds": 10, "qrPreviousSteps": 1, "presenceLevel": "standard", "geofenceMode": "level", "recheckEnabled": false, "recheckPercent": 10}'::jsonb || "policy";`,
    );
  }

  override down(): void {
    this.addSql(`alter table "recheck_pick" drop constraint "recheck_pick_recheck_id_foreign";`);

    this.addSql(`drop table if exists "building_network" cascade;`);
    this.addSql(`drop table if exists "device_code" cascade;`);
    this.addSql(`drop table if exists "session_display" cascade;`);
    this.addSql(`drop table if exists "session_device_claim" cascade;`);
    this.addSql(`drop table if exists "scan_ticket" cascade;`);
    this.addSql(`drop table if exists "scan_refusal" cascade;`);
    this.addSql(`drop table if exists "recheck" cascade;`);
    this.addSql(`drop table if exists "recheck_pick" cascade;`);
    this.addSql(`drop table if exists "presence_evidence" cascade;`);
    this.addSql(`drop table if exists "head_count" cascade;`);

    this.addSql(`drop index "device_binding_one_pending_per_user";`);
    this.addSql(`drop index "device_binding_one_per_slot";`);
    this.addSql(`alter table "device_binding" drop constraint "device_binding_slot_check";`);
    this.addSql(
      `create unique index "device_binding_one_active_per_key" on "device_binding" ("device_key_id") where "status" = 'active';`,
    );
    this.addSql(
      `alter table "device_binding" drop constraint "device_binding_replaces_id_foreign";`,
    );
    this.addSql(
      `alter table "device_binding" drop constraint "device_binding_approved_by_id_foreign";`,
    );

    this.addSql(
      `alter table "device_binding" drop column "slot", drop column "pending_until", drop column "replaces_id", drop column "approved_by_id";`,
    );

    this.addSql(
      `alter table "room" drop column "fence_lat", drop column "fence_lng", drop column "fence_radius_m", drop column "fence_polygon";`,
    );
  }
}
