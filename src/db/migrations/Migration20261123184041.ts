/** Evidence of marks: outcomes, devices, conflicts, self-entries, unlocks, notifications. */
import { Migration } from '@mikro-orm/migrations';

export class Migration20261123184041 extends Migration {
  override up(): void {
    this.addSql(
      `create table "device_key" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "jkt" text not null, "public_key" jsonb not null, "strength" text not null default 'software', primary key ("id"));`,
    );
    this.addSql(`alter table "device_key" add constraint "device_key_jkt_unique" unique ("jkt");`);

    this.addSql(
      `create table "device_binding" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "device_key_id" uuid not null, "user_id" uuid not null, "status" text not null default 'active', "valid_from" timestamptz not null, "valid_to" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`create index "device_binding_user_id_index" on "device_binding" ("user_id");`);
    this.addSql(
      `create index "device_binding_device_key_id_index" on "device_binding" ("device_key_id");`,
    );

    this.addSql(
      `create table "notification" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "user_id" uuid not null, "kind" text not null, "dedupe_key" text not null, "payload" jsonb not null, "read_at" timestamptz null, "mail_status" text not null default 'none', "mail_attempts" int not null default 0, "mail_due_at" timestamptz null, "mailed_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(
      `create index "notification_user_id_created_at_index" on "notification" ("user_id", "created_at");`,
    );
    this.addSql(
      `alter table "notification" add constraint "notification_dedupe_unique" unique ("user_id", "dedupe_key");`,
    );

    this.addSql(
      `create table "self_entry" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "version" int not null default 1, "status" text not null default 'pending', "level" int not null default 1, "submitted_at" timestamptz not null, "expires_at" timestamptz not null, "decided_at" timestamptz null, "outcome_code" text null, "workflow_started_at" timestamptz null, "session_id" uuid not null, "student_id" uuid not null, "op_id" uuid not null, "notes_sealed" text null, "decided_by_id" uuid null, primary key ("id"));`,
    );
    this.addSql(`create index "self_entry_student_id_index" on "self_entry" ("student_id");`);
    this.addSql(
      `create index "self_entry_status_submitted_at_index" on "self_entry" ("status", "submitted_at");`,
    );

    this.addSql(
      `create table "attendance_conflict" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "version" int not null default 1, "session_id" uuid not null, "student_id" uuid null, "kind" text not null, "device_key_id" uuid null, "op_ids" uuid[] not null, "state" text not null default 'open', "opened_at" timestamptz not null, "settled_at" timestamptz null, "resolved_by_id" uuid null, "resolution_sealed" text null, primary key ("id"));`,
    );
    this.addSql(
      `create index "attendance_conflict_session_id_state_index" on "attendance_conflict" ("session_id", "state");`,
    );
    this.addSql(
      `create index "attendance_conflict_student_id_index" on "attendance_conflict" ("student_id");`,
    );

    this.addSql(
      `create table "unlock_request" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "version" int not null default 1, "status" text not null default 'pending', "level" int not null default 1, "submitted_at" timestamptz not null, "expires_at" timestamptz not null, "decided_at" timestamptz null, "outcome_code" text null, "workflow_started_at" timestamptz null, "session_id" uuid not null, "requested_by_id" uuid not null, "hours" int not null, "reason_sealed" text not null, "unlocked_until" timestamptz null, "relocked_at" timestamptz null, "decided_by_id" uuid null, primary key ("id"));`,
    );
    this.addSql(
      `create index "unlock_request_session_id_index" on "unlock_request" ("session_id");`,
    );
    this.addSql(
      `create index "unlock_request_status_submitted_at_index" on "unlock_request" ("status", "submitted_at");`,
    );

    this.addSql(`alter table "course" add "kind" text not null default 'theory';`);

    this.addSql(
      `alter table "attendance_operation" add "captured_at" timestamptz null, add "clock_trust" text null, add "outcome" text not null default 'admitted', add "outcome_code" text null, add "device_key_id" uuid null, add "client_id" text null;`,
    );
    this.addSql(
      `alter table "attendance_operation" add constraint "attendance_operation_device_key_id_foreign" foreign key ("device_key_id") references "device_key" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "attendance_operation" add constraint "attendance_operation_outcome_check" check (outcome in ('admitted','review','rejected'));`,
    );

    this.addSql(
      `alter table "device_binding" add constraint "device_binding_device_key_id_foreign" foreign key ("device_key_id") references "device_key" ("id");`,
    );
    this.addSql(
      `alter table "device_binding" add constraint "device_binding_user_id_foreign" foreign key ("user_id") references "app_user" ("id");`,
    );
    this.addSql(
      `alter table "device_binding" add constraint "device_binding_status_check" check (status in ('active','pending','revoked'));`,
    );

    this.addSql(
      `alter table "notification" add constraint "notification_user_id_foreign" foreign key ("user_id") references "app_user" ("id");`,
    );

    this.addSql(
      `alter table "self_entry" add constraint "self_entry_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "self_entry" add constraint "self_entry_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );
    this.addSql(
      `alter table "self_entry" add constraint "self_entry_decided_by_id_foreign" foreign key ("decided_by_id") references "app_user" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "attendance_conflict" add constraint "attendance_conflict_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "attendance_conflict" add constraint "attendance_conflict_student_id_foreign" foreign key ("student_id") references "student" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "attendance_conflict" add constraint "attendance_conflict_device_key_id_foreign" foreign key ("device_key_id") references "device_key" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "attendance_conflict" add constraint "attendance_conflict_resolved_by_id_foreign" foreign key ("resolved_by_id") references "app_user" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "attendance_conflict" add constraint "attendance_conflict_state_check" check (state in ('open','settled','void'));`,
    );

    this.addSql(
      `alter table "unlock_request" add constraint "unlock_request_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "unlock_request" add constraint "unlock_request_requested_by_id_foreign" foreign key ("requested_by_id") references "app_user" ("id");`,
    );
    this.addSql(
      `alter table "unlock_request" add constraint "unlock_request_decided_by_id_foreign" foreign key ("decided_by_id") references "app_user" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "unlock_request" add constraint "unlock_request_hours_check" check (hours between 1 and 24);`,
    );

    // Rules of marks.md section 9 that entities cannot say.
    this.addSql(
      `alter table "attendance_conflict" add constraint "attendance_conflict_one_per_kind" unique nulls not distinct ("session_id", "student_id", "kind", "device_key_id");`,
    );
    this.addSql(
      `create unique index "self_entry_one_pending" on "self_entry" ("session_id", "student_id") where "status" = 'pending';`,
    );
    this.addSql(
      `create unique index "unlock_request_one_pending" on "unlock_request" ("session_id") where "status" = 'pending';`,
    );
    this.addSql(
      `create unique index "device_binding_one_active_per_user" on "device_binding" ("user_id") where "status" = 'active';`,
    );
    this.addSql(
      `create unique index "device_binding_one_active_per_key" on "device_binding" ("device_key_id") where "status" = 'active';`,
    );
    this.addSql(
      `create index "attendance_operation_device_key" on "attendance_operation" ("session_id", "device_key_id") where "device_key_id" is not null;`,
    );
    this.addSql(
      `create index "attendance_operation_review" on "attendance_operation" ("session_id", "student_id") where "outcome" = 'review';`,
    );
    this.addSql(
      `create index "attendance_conflict_open" on "attendance_conflict" ("session_id") where "state" = 'open';`,
    );
    this.addSql(
      `create index "notification_mail_due" on "notification" ("mail_due_at") where "mail_status" = 'due';`,
    );
  }

  override down(): void {
    this.addSql(
      `alter table "device_binding" drop constraint "device_binding_device_key_id_foreign";`,
    );
    this.addSql(
      `alter table "attendance_operation" drop constraint "attendance_operation_device_key_id_foreign";`,
    );
    this.addSql(
      `alter table "attendance_conflict" drop constraint "attendance_conflict_device_key_id_foreign";`,
    );

    this.addSql(`drop table if exists "device_key" cascade;`);
    this.addSql(`drop table if exists "device_binding" cascade;`);
    this.addSql(`drop table if exists "notification" cascade;`);
    this.addSql(`drop table if exists "self_entry" cascade;`);
    this.addSql(`drop table if exists "attendance_conflict" cascade;`);
    this.addSql(`drop table if exists "unlock_request" cascade;`);

    this.addSql(`drop index if exists "attendance_operation_review";`);
    this.addSql(`drop index if exists "attendance_operation_device_key";`);
    this.addSql(
      `alter table "attendance_operation" drop constraint "attendance_operation_outcome_check";`,
    );
    this.addSql(
      `alter table "attendance_operation" drop column "captured_at", drop column "clock_trust", drop column "outcome", drop column "outcome_code", drop column "device_key_id", drop column "client_id";`,
    );

    this.addSql(`alter table "course" drop column "kind";`);
  }
}
