/** The first schema: tables from the entities, then the rules that only SQL can hold. */
import { Migration } from '@mikro-orm/migrations';
import { auditPartitionFunction, appendOnlyFunction, appClockFunction } from '../sql/functions.ts';

export class Migration20261123133304 extends Migration {
  override name = 'Migration20261123133304';

  override up(): void | Promise<void> {
    this.addSql('create extension if not exists btree_gist;');
    this.addSql(appClockFunction);
    this.addSql(appendOnlyFunction);
    this.addSql(auditPartitionFunction);

    this.addSql(
      `create table "academic_year" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "name" text not null, "starts_on" date not null, "ends_on" date not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "academic_year" add constraint "academic_year_name_unique" unique ("name");`,
    );

    this.addSql(
      `create table "app_user" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "email" text not null, "first_name" text not null, "last_name" text not null, "password_hash" text null, "status" text not null default 'active', "token_version" int not null default 1, "auth_changed_at" timestamptz not null default app_clock(), "failed_sign_ins" int not null default 0, "next_sign_in_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`alter table "app_user" add constraint "app_user_email_unique" unique ("email");`);
    this.addSql(`create index "app_user_auth_changed_at_index" on "app_user" ("auth_changed_at");`);

    this.addSql(
      `create table "audit_chain_head" ("chain" text not null, "seq" bigint not null, "hash" text not null, "live_seq" bigint not null default '0', primary key ("chain"));`,
    );

    this.addSql(
      `create table "audit_event" ("id" uuid not null, "at" timestamptz not null, "chain" text not null, "seq" bigint not null, "actor" uuid null, "action" text not null, "entity_type" text not null, "entity_id" text not null, "session_id" uuid null, "student_id" uuid null, "request_id" text null, "workflow_id" text null, "body" text not null, "prev_hash" text not null, "hash" text not null, primary key ("id", "at")) partition by range ("at");`,
    );
    this.addSql(`create table "audit_event_default" partition of "audit_event" default;`);
    this.addSql(
      `create index "audit_event_entity_type_entity_id_index" on "audit_event" ("entity_type", "entity_id");`,
    );
    this.addSql(`create index "audit_event_session_id_index" on "audit_event" ("session_id");`);
    this.addSql(`create index "audit_event_student_id_index" on "audit_event" ("student_id");`);
    this.addSql(`create index "audit_event_actor_at_index" on "audit_event" ("actor", "at");`);
    this.addSql(
      `alter table "audit_event" add constraint "audit_event_chain_seq_unique" unique ("chain", "seq", "at");`,
    );

    this.addSql(
      `create table "campus" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "code" text not null, "name" text not null, "zone" text not null, primary key ("id"));`,
    );
    this.addSql(`alter table "campus" add constraint "campus_code_unique" unique ("code");`);

    this.addSql(
      `create table "data_key" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "subject" text not null, "kek_id" text not null, "wrapped" text not null, "commitment" text not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "data_key" add constraint "data_key_subject_active_unique" unique ("subject");`,
    );

    this.addSql(
      `create table "decision" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "case_kind" text not null, "case_id" uuid not null, "verdict" text not null, "decider_id" uuid not null, "channel" text not null, "level" int not null, "note_sealed" text null, primary key ("id"));`,
    );
    this.addSql(
      `create index "decision_case_kind_case_id_index" on "decision" ("case_kind", "case_id");`,
    );

    this.addSql(
      `create table "department" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "campus_id" uuid not null, "code" text not null, "name" text not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "department" add constraint "department_code_unique" unique ("code");`,
    );

    this.addSql(
      `create table "course" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "department_id" uuid not null, "code" text not null, "name" text not null, "credits" int not null, "lecture_hours" int not null default 0, "tutorial_hours" int not null default 0, "practical_hours" int not null default 0, primary key ("id"));`,
    );
    this.addSql(`alter table "course" add constraint "course_code_unique" unique ("code");`);

    this.addSql(
      `create table "faculty" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "user_id" uuid not null, "employee_code" text not null, "department_id" uuid not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "faculty" add constraint "faculty_user_id_unique" unique ("user_id");`,
    );
    this.addSql(
      `alter table "faculty" add constraint "faculty_employee_code_unique" unique ("employee_code");`,
    );

    this.addSql(
      `create table "gateway" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "name" text not null, "status" text not null default 'active', "last_seen_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(`alter table "gateway" add constraint "gateway_name_unique" unique ("name");`);

    this.addSql(
      `create table "biometric_device" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "device_id" text not null, "device_name" text not null, "device_type" text not null, "location" text not null default '', "status" text not null default 'active', "ip_address" text null, "api_endpoint" text null, "gateway_id" uuid not null, "last_seen_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "biometric_device" add constraint "biometric_device_device_id_unique" unique ("device_id");`,
    );

    this.addSql(
      `create table "gateway_key" ("kid" text not null, "gateway_id" uuid not null, "public_key" text not null, "status" text not null default 'active', "created_at" timestamptz not null default app_clock(), primary key ("kid"));`,
    );
    this.addSql(`create index "gateway_key_gateway_id_index" on "gateway_key" ("gateway_id");`);

    this.addSql(
      `create table "holiday" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "campus_id" uuid not null, "held_on" date not null, "name" text not null, "from_time" time(0) null, "to_time" time(0) null, "affects_attendance" boolean not null default true, primary key ("id"));`,
    );
    this.addSql(
      `alter table "holiday" add constraint "holiday_campus_id_held_on_name_unique" unique ("campus_id", "held_on", "name");`,
    );

    this.addSql(
      `create table "idempotency_key" ("scope" text not null, "key" text not null, "body_hash" text not null, "response" jsonb null, "created_at" timestamptz not null default app_clock(), primary key ("scope", "key"));`,
    );
    this.addSql(
      `create index "idempotency_key_created_at_index" on "idempotency_key" ("created_at");`,
    );

    this.addSql(
      `create table "institution" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "name" text not null, "zone" text not null, primary key ("id"));`,
    );

    this.addSql(
      `create table "leave_type" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "code" text not null, "name" text not null, "excuse_category" text not null, "is_active" boolean not null default true, primary key ("id"));`,
    );
    this.addSql(
      `alter table "leave_type" add constraint "leave_type_code_unique" unique ("code");`,
    );

    this.addSql(
      `create table "message_text" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "text_sealed" text not null, primary key ("id"));`,
    );
    this.addSql(`create index "message_text_created_at_index" on "message_text" ("created_at");`);

    this.addSql(
      `create table "outbox" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "kind" text not null, "payload" jsonb not null, "attempts" int not null default 0, "next_attempt_at" timestamptz not null default app_clock(), "done_at" timestamptz null, "last_error" text null, primary key ("id"));`,
    );

    this.addSql(
      `create table "programme" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "department_id" uuid not null, "code" text not null, "name" text not null, "kind" text not null default 'general', primary key ("id"));`,
    );
    this.addSql(`alter table "programme" add constraint "programme_code_unique" unique ("code");`);

    this.addSql(
      `create table "batch" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "programme_id" uuid not null, "name" text not null, "admission_year" int not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "batch" add constraint "batch_programme_id_name_unique" unique ("programme_id", "name");`,
    );

    this.addSql(
      `create table "refresh_token_family" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "user_id" uuid not null, "client" text not null, "authenticated_at" timestamptz not null, "last_used_at" timestamptz not null, "idle_seconds" int not null, "expires_at" timestamptz not null, "revoked_at" timestamptz null, "revoked_reason" text null, primary key ("id"));`,
    );
    this.addSql(
      `create index "refresh_token_family_user_id_index" on "refresh_token_family" ("user_id");`,
    );

    this.addSql(
      `create table "refresh_token" ("token_hash" text not null, "family_id" uuid not null, "created_at" timestamptz not null default app_clock(), "used_at" timestamptz null, primary key ("token_hash"));`,
    );
    this.addSql(`create index "refresh_token_family_id_index" on "refresh_token" ("family_id");`);

    this.addSql(
      `create table "role_assignment" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "user_id" uuid not null, "role" text not null, "scope_kind" text not null default 'institution', "scope_id" uuid null, primary key ("id"));`,
    );
    this.addSql(`create index "role_assignment_user_id_index" on "role_assignment" ("user_id");`);

    this.addSql(
      `create table "room" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "campus_id" uuid not null, "code" text not null, "building" text not null, "capacity" int not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "room" add constraint "room_campus_id_code_unique" unique ("campus_id", "code");`,
    );

    this.addSql(
      `create table "biometric_device_room" ("device_id" uuid not null, "room_id" uuid not null, primary key ("device_id", "room_id"));`,
    );

    this.addSql(
      `create table "semester" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "academic_year_id" uuid not null, "name" text not null, "code" text not null, "starts_on" date not null, "ends_on" date not null, primary key ("id"));`,
    );
    this.addSql(`alter table "semester" add constraint "semester_code_unique" unique ("code");`);
    this.addSql(
      `alter table "semester" add constraint "semester_academic_year_id_name_unique" unique ("academic_year_id", "name");`,
    );

    this.addSql(
      `create table "course_section" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "course_id" uuid not null, "semester_id" uuid not null, "campus_id" uuid not null, "section_name" text not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "course_section" add constraint "course_section_course_id_semester_id_section_name_unique" unique ("course_id", "semester_id", "section_name");`,
    );

    this.addSql(
      `create table "setting" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "name" text not null, "scope_kind" text not null, "scope_id" text not null default '', "value" jsonb not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "setting" add constraint "setting_name_scope_unique" unique ("name", "scope_kind", "scope_id");`,
    );

    this.addSql(
      `create table "student" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "user_id" uuid not null, "roll_number" text not null, "programme_id" uuid not null, "batch_id" uuid not null, "department_id" uuid not null, "campus_id" uuid not null, "admitted_on" date not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "student" add constraint "student_user_id_unique" unique ("user_id");`,
    );
    this.addSql(
      `alter table "student" add constraint "student_roll_number_unique" unique ("roll_number");`,
    );

    this.addSql(
      `create table "mentor_assignment" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "mentor_id" uuid not null, "student_id" uuid not null, "valid_from" date not null, "valid_to" date null, primary key ("id"));`,
    );
    this.addSql(
      `create index "mentor_assignment_mentor_id_index" on "mentor_assignment" ("mentor_id");`,
    );
    this.addSql(
      `create index "mentor_assignment_student_id_index" on "mentor_assignment" ("student_id");`,
    );

    this.addSql(
      `create table "leave_application" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "version" int not null default 1, "status" text not null default 'pending', "level" int not null default 1, "submitted_at" timestamptz not null, "expires_at" timestamptz not null, "decided_at" timestamptz null, "outcome_code" text null, "workflow_started_at" timestamptz null, "student_id" uuid not null, "leave_type_id" uuid not null, "starts_at" timestamptz not null, "ends_at" timestamptz not null, "reason_sealed" text not null, "decided_by_id" uuid null, primary key ("id"));`,
    );
    this.addSql(
      `create index "leave_application_student_id_index" on "leave_application" ("student_id");`,
    );
    this.addSql(
      `create index "leave_application_status_submitted_at_index" on "leave_application" ("status", "submitted_at");`,
    );
    this.addSql(
      `alter table "leave_application" add constraint "leave_application_times_check" check (starts_at < ends_at);`,
    );

    this.addSql(
      `create table "enrolment" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "student_id" uuid not null, "course_section_id" uuid not null, "valid_from" date not null, "valid_to" date null, "status" text not null default 'enrolled', primary key ("id"));`,
    );
    this.addSql(
      `create index "enrolment_course_section_id_index" on "enrolment" ("course_section_id");`,
    );
    this.addSql(`create index "enrolment_student_id_index" on "enrolment" ("student_id");`);
    this.addSql(
      `alter table "enrolment" add constraint "enrolment_dates_check" check (valid_to is null or valid_from <= valid_to);`,
    );

    this.addSql(
      `create table "device_punch" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "gateway_id" uuid not null, "event_id" uuid not null, "device_id" uuid not null, "boot_id" text not null, "sequence" int not null, "kind" text not null, "captured_at" timestamptz not null, "received_at" timestamptz not null, "eff_at" timestamptz not null, "clock_offset_ms" int not null, "subject_ref" text null, "student_id" uuid null, "payload_hash" text not null, "status" text not null, "code" text null, "op_ids" uuid[] not null default '{}', "payload" jsonb not null, primary key ("id"));`,
    );
    this.addSql(`create index "device_punch_student_id_index" on "device_punch" ("student_id");`);
    this.addSql(
      `alter table "device_punch" add constraint "device_punch_gateway_event_unique" unique ("gateway_id", "event_id");`,
    );
    this.addSql(
      `alter table "device_punch" add constraint "device_punch_device_sequence_unique" unique ("device_id", "boot_id", "sequence");`,
    );

    this.addSql(
      `create table "consent_event" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "student_id" uuid not null, "purpose" text not null, "granted" boolean not null, "notice_version" text not null, "channel" text not null, primary key ("id"));`,
    );
    this.addSql(
      `create index "consent_event_student_id_purpose_created_at_index" on "consent_event" ("student_id", "purpose", "created_at");`,
    );

    this.addSql(
      `create table "biometric_enrolment" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "ref" text not null, "student_id" uuid not null, "modality" text not null, "status" text not null default 'active', "consent_event_id" uuid not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "biometric_enrolment" add constraint "biometric_enrolment_ref_unique" unique ("ref");`,
    );
    this.addSql(
      `create index "biometric_enrolment_student_id_index" on "biometric_enrolment" ("student_id");`,
    );

    this.addSql(
      `create table "timetable_slot" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "version" int not null default 1, "course_section_id" uuid not null, "faculty_id" uuid not null, "room_id" uuid not null, "weekday" int not null, "start_time" time(0) not null, "end_time" time(0) not null, "valid_from" date not null, "valid_to" date not null, "component" text not null default 'L', "units" int not null default 1, "auto_generate" boolean not null default true, "auto_open" boolean not null default true, "is_active" boolean not null default true, primary key ("id"));`,
    );
    this.addSql(
      `create index "timetable_slot_course_section_id_index" on "timetable_slot" ("course_section_id");`,
    );
    this.addSql(
      `alter table "timetable_slot" add constraint "timetable_slot_weekday_check" check (weekday between 1 and 7);`,
    );
    this.addSql(
      `alter table "timetable_slot" add constraint "timetable_slot_times_check" check (start_time < end_time);`,
    );
    this.addSql(
      `alter table "timetable_slot" add constraint "timetable_slot_validity_check" check (valid_from <= valid_to);`,
    );

    this.addSql(
      `create table "attendance_session" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "version" int not null default 1, "campus_id" uuid not null, "course_section_id" uuid not null, "faculty_id" uuid not null, "room_id" uuid not null, "timetable_slot_id" uuid null, "planned_date" date null, "scheduled_date" date not null, "start_at" timestamptz not null, "end_at" timestamptz not null, "status" text not null default 'scheduled', "opens_at" timestamptz not null, "closes_at" timestamptz not null, "lock_due_at" timestamptz null, "opened_at" timestamptz null, "closed_at" timestamptz null, "locked_at" timestamptz null, "epoch" int not null default 1, "taken" boolean not null default false, "kind" text not null default 'regular', "component" text not null default 'L', "units" int not null default 1, "auto_open" boolean not null default true, "auto_opened" boolean not null default false, "auto_closed" boolean not null default false, "biometric_enabled" boolean not null default true, "notes" text not null default '', "policy" jsonb not null, "late_reference_at" timestamptz null, "makeup_for_id" uuid null, "merged_into_id" uuid null, "created_by_id" uuid null, "workflow_started_at" timestamptz null, primary key ("id"));`,
    );
    this.addSql(
      `create index "attendance_session_course_section_id_scheduled_date_index" on "attendance_session" ("course_section_id", "scheduled_date");`,
    );
    this.addSql(
      `create index "attendance_session_faculty_id_scheduled_date_index" on "attendance_session" ("faculty_id", "scheduled_date");`,
    );
    this.addSql(
      `create index "attendance_session_scheduled_date_start_at_index" on "attendance_session" ("scheduled_date", "start_at");`,
    );
    this.addSql(
      `create index "attendance_session_status_opens_at_index" on "attendance_session" ("status", "opens_at");`,
    );
    this.addSql(
      `create index "attendance_session_room_id_start_at_index" on "attendance_session" ("room_id", "start_at");`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_slot_date_unique" unique ("timetable_slot_id", "planned_date");`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_times_check" check (start_at < end_at);`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_window_check" check (opens_at < closes_at);`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_status_check" check (status in ('scheduled','open','closed','locked','cancelled'));`,
    );

    this.addSql(
      `create table "teaching_assignment" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "faculty_id" uuid not null, "course_section_id" uuid null, "session_id" uuid null, "role" text not null default 'owner', "valid_from" date not null, "valid_to" date null, primary key ("id"));`,
    );
    this.addSql(
      `create index "teaching_assignment_course_section_id_index" on "teaching_assignment" ("course_section_id");`,
    );
    this.addSql(
      `create index "teaching_assignment_session_id_index" on "teaching_assignment" ("session_id");`,
    );
    this.addSql(
      `create index "teaching_assignment_faculty_id_index" on "teaching_assignment" ("faculty_id");`,
    );
    this.addSql(
      `alter table "teaching_assignment" add constraint "teaching_assignment_target_check" check ((course_section_id is null) <> (session_id is null));`,
    );

    this.addSql(
      `create table "session_section" ("session_id" uuid not null, "course_section_id" uuid not null, primary key ("session_id", "course_section_id"));`,
    );
    this.addSql(
      `create index "session_section_course_section_id_index" on "session_section" ("course_section_id");`,
    );

    this.addSql(
      `create table "session_change" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "session_id" uuid not null, "kind" text not null, "reason" text not null, "actor_id" uuid null, "epoch" int not null, "before" jsonb not null, "after" jsonb not null, primary key ("id"));`,
    );
    this.addSql(
      `create index "session_change_session_id_index" on "session_change" ("session_id");`,
    );

    this.addSql(
      `create table "live_event" ("session_id" uuid not null, "seq" bigint not null, "at" timestamptz not null, "type" text not null, "payload" jsonb not null, primary key ("session_id", "seq"));`,
    );
    this.addSql(`create index "live_event_at_index" on "live_event" ("at");`);

    this.addSql(
      `create table "correction_request" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "version" int not null default 1, "status" text not null default 'pending', "level" int not null default 1, "submitted_at" timestamptz not null, "expires_at" timestamptz not null, "decided_at" timestamptz null, "outcome_code" text null, "workflow_started_at" timestamptz null, "session_id" uuid not null, "student_id" uuid not null, "requested_by_id" uuid not null, "from_mark" text null, "to_mark" text not null, "excuse_category" text null, "reason_sealed" text not null, "decided_by_id" uuid null, primary key ("id"));`,
    );
    this.addSql(
      `create index "correction_request_student_id_index" on "correction_request" ("student_id");`,
    );
    this.addSql(
      `create index "correction_request_status_submitted_at_index" on "correction_request" ("status", "submitted_at");`,
    );

    this.addSql(
      `create table "attendance_operation" ("op_id" uuid not null, "session_id" uuid not null, "student_id" uuid not null, "kind" text not null, "mark" text null, "rank" int not null, "source" text not null, "capture_mode" text not null default 'online', "actor_id" uuid null, "eff_at" timestamptz not null, "received_at" timestamptz not null, "epoch" int not null, "base_op_id" uuid null, "acks" uuid[] not null default '{}', "target_op_id" uuid null, "excuse_category" text null, "phase" text not null default 'entry', "flags" text[] not null default '{}', "evidence" jsonb null, "device_ref" text null, "leave_application_id" uuid null, "correction_request_id" uuid null, "notes_sealed" text null, "reason_sealed" text null, "payload_hash" text not null, "result" jsonb not null, primary key ("op_id"));`,
    );
    this.addSql(
      `create index "attendance_operation_leave_application_id_index" on "attendance_operation" ("leave_application_id");`,
    );
    this.addSql(
      `create index "attendance_operation_session_id_student_id_index" on "attendance_operation" ("session_id", "student_id");`,
    );

    this.addSql(
      `create table "attendance_record" ("id" uuid not null, "created_at" timestamptz not null default app_clock(), "updated_at" timestamptz not null default app_clock(), "session_id" uuid not null, "student_id" uuid not null, "mark" text null, "winner_op_id" uuid null, "rank" int null, "source" text null, "capture_mode" text null, "arrival_at" timestamptz null, "marked_at" timestamptz null, "excuse_category" text null, "flags" text[] not null default '{}', "version" int not null default 1, primary key ("id"));`,
    );
    this.addSql(
      `create index "attendance_record_student_id_index" on "attendance_record" ("student_id");`,
    );
    this.addSql(
      `alter table "attendance_record" add constraint "attendance_record_session_student_unique" unique ("session_id", "student_id");`,
    );

    this.addSql(
      `alter table "decision" add constraint "decision_decider_id_foreign" foreign key ("decider_id") references "app_user" ("id");`,
    );

    this.addSql(
      `alter table "department" add constraint "department_campus_id_foreign" foreign key ("campus_id") references "campus" ("id");`,
    );

    this.addSql(
      `alter table "course" add constraint "course_department_id_foreign" foreign key ("department_id") references "department" ("id");`,
    );

    this.addSql(
      `alter table "faculty" add constraint "faculty_user_id_foreign" foreign key ("user_id") references "app_user" ("id");`,
    );
    this.addSql(
      `alter table "faculty" add constraint "faculty_department_id_foreign" foreign key ("department_id") references "department" ("id");`,
    );

    this.addSql(
      `alter table "biometric_device" add constraint "biometric_device_gateway_id_foreign" foreign key ("gateway_id") references "gateway" ("id");`,
    );

    this.addSql(
      `alter table "gateway_key" add constraint "gateway_key_gateway_id_foreign" foreign key ("gateway_id") references "gateway" ("id");`,
    );

    this.addSql(
      `alter table "holiday" add constraint "holiday_campus_id_foreign" foreign key ("campus_id") references "campus" ("id");`,
    );

    this.addSql(
      `alter table "programme" add constraint "programme_department_id_foreign" foreign key ("department_id") references "department" ("id");`,
    );

    this.addSql(
      `alter table "batch" add constraint "batch_programme_id_foreign" foreign key ("programme_id") references "programme" ("id");`,
    );

    this.addSql(
      `alter table "refresh_token_family" add constraint "refresh_token_family_user_id_foreign" foreign key ("user_id") references "app_user" ("id");`,
    );

    this.addSql(
      `alter table "refresh_token" add constraint "refresh_token_family_id_foreign" foreign key ("family_id") references "refresh_token_family" ("id");`,
    );

    this.addSql(
      `alter table "role_assignment" add constraint "role_assignment_user_id_foreign" foreign key ("user_id") references "app_user" ("id");`,
    );

    this.addSql(
      `alter table "room" add constraint "room_campus_id_foreign" foreign key ("campus_id") references "campus" ("id");`,
    );

    this.addSql(
      `alter table "biometric_device_room" add constraint "biometric_device_room_device_id_foreign" foreign key ("device_id") references "biometric_device" ("id") on update cascade on delete cascade;`,
    );
    this.addSql(
      `alter table "biometric_device_room" add constraint "biometric_device_room_room_id_foreign" foreign key ("room_id") references "room" ("id") on update cascade on delete cascade;`,
    );

    this.addSql(
      `alter table "semester" add constraint "semester_academic_year_id_foreign" foreign key ("academic_year_id") references "academic_year" ("id");`,
    );

    this.addSql(
      `alter table "course_section" add constraint "course_section_course_id_foreign" foreign key ("course_id") references "course" ("id");`,
    );
    this.addSql(
      `alter table "course_section" add constraint "course_section_semester_id_foreign" foreign key ("semester_id") references "semester" ("id");`,
    );
    this.addSql(
      `alter table "course_section" add constraint "course_section_campus_id_foreign" foreign key ("campus_id") references "campus" ("id");`,
    );

    this.addSql(
      `alter table "student" add constraint "student_user_id_foreign" foreign key ("user_id") references "app_user" ("id");`,
    );
    this.addSql(
      `alter table "student" add constraint "student_programme_id_foreign" foreign key ("programme_id") references "programme" ("id");`,
    );
    this.addSql(
      `alter table "student" add constraint "student_batch_id_foreign" foreign key ("batch_id") references "batch" ("id");`,
    );
    this.addSql(
      `alter table "student" add constraint "student_department_id_foreign" foreign key ("department_id") references "department" ("id");`,
    );
    this.addSql(
      `alter table "student" add constraint "student_campus_id_foreign" foreign key ("campus_id") references "campus" ("id");`,
    );

    this.addSql(
      `alter table "mentor_assignment" add constraint "mentor_assignment_mentor_id_foreign" foreign key ("mentor_id") references "app_user" ("id");`,
    );
    this.addSql(
      `alter table "mentor_assignment" add constraint "mentor_assignment_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );

    this.addSql(
      `alter table "leave_application" add constraint "leave_application_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );
    this.addSql(
      `alter table "leave_application" add constraint "leave_application_leave_type_id_foreign" foreign key ("leave_type_id") references "leave_type" ("id");`,
    );
    this.addSql(
      `alter table "leave_application" add constraint "leave_application_decided_by_id_foreign" foreign key ("decided_by_id") references "app_user" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "enrolment" add constraint "enrolment_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );
    this.addSql(
      `alter table "enrolment" add constraint "enrolment_course_section_id_foreign" foreign key ("course_section_id") references "course_section" ("id");`,
    );

    this.addSql(
      `alter table "device_punch" add constraint "device_punch_gateway_id_foreign" foreign key ("gateway_id") references "gateway" ("id");`,
    );
    this.addSql(
      `alter table "device_punch" add constraint "device_punch_device_id_foreign" foreign key ("device_id") references "biometric_device" ("id");`,
    );
    this.addSql(
      `alter table "device_punch" add constraint "device_punch_student_id_foreign" foreign key ("student_id") references "student" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "consent_event" add constraint "consent_event_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );

    this.addSql(
      `alter table "biometric_enrolment" add constraint "biometric_enrolment_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );
    this.addSql(
      `alter table "biometric_enrolment" add constraint "biometric_enrolment_consent_event_id_foreign" foreign key ("consent_event_id") references "consent_event" ("id");`,
    );

    this.addSql(
      `alter table "timetable_slot" add constraint "timetable_slot_course_section_id_foreign" foreign key ("course_section_id") references "course_section" ("id");`,
    );
    this.addSql(
      `alter table "timetable_slot" add constraint "timetable_slot_faculty_id_foreign" foreign key ("faculty_id") references "faculty" ("id");`,
    );
    this.addSql(
      `alter table "timetable_slot" add constraint "timetable_slot_room_id_foreign" foreign key ("room_id") references "room" ("id");`,
    );

    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_campus_id_foreign" foreign key ("campus_id") references "campus" ("id");`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_course_section_id_foreign" foreign key ("course_section_id") references "course_section" ("id");`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_faculty_id_foreign" foreign key ("faculty_id") references "faculty" ("id");`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_room_id_foreign" foreign key ("room_id") references "room" ("id");`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_timetable_slot_id_foreign" foreign key ("timetable_slot_id") references "timetable_slot" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_makeup_for_id_foreign" foreign key ("makeup_for_id") references "attendance_session" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_merged_into_id_foreign" foreign key ("merged_into_id") references "attendance_session" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "attendance_session" add constraint "attendance_session_created_by_id_foreign" foreign key ("created_by_id") references "app_user" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "teaching_assignment" add constraint "teaching_assignment_faculty_id_foreign" foreign key ("faculty_id") references "faculty" ("id");`,
    );
    this.addSql(
      `alter table "teaching_assignment" add constraint "teaching_assignment_course_section_id_foreign" foreign key ("course_section_id") references "course_section" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "teaching_assignment" add constraint "teaching_assignment_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "session_section" add constraint "session_section_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id") on update cascade on delete cascade;`,
    );
    this.addSql(
      `alter table "session_section" add constraint "session_section_course_section_id_foreign" foreign key ("course_section_id") references "course_section" ("id") on update cascade on delete cascade;`,
    );

    this.addSql(
      `alter table "session_change" add constraint "session_change_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "session_change" add constraint "session_change_actor_id_foreign" foreign key ("actor_id") references "app_user" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "live_event" add constraint "live_event_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );

    this.addSql(
      `alter table "correction_request" add constraint "correction_request_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "correction_request" add constraint "correction_request_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );
    this.addSql(
      `alter table "correction_request" add constraint "correction_request_requested_by_id_foreign" foreign key ("requested_by_id") references "app_user" ("id");`,
    );
    this.addSql(
      `alter table "correction_request" add constraint "correction_request_decided_by_id_foreign" foreign key ("decided_by_id") references "app_user" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "attendance_operation" add constraint "attendance_operation_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "attendance_operation" add constraint "attendance_operation_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );
    this.addSql(
      `alter table "attendance_operation" add constraint "attendance_operation_actor_id_foreign" foreign key ("actor_id") references "app_user" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "attendance_record" add constraint "attendance_record_session_id_foreign" foreign key ("session_id") references "attendance_session" ("id");`,
    );
    this.addSql(
      `alter table "attendance_record" add constraint "attendance_record_student_id_foreign" foreign key ("student_id") references "student" ("id");`,
    );
    this.addSql(
      `alter table "attendance_record" add constraint "attendance_record_winner_op_id_foreign" foreign key ("winner_op_id") references "attendance_operation" ("op_id") on delete set null;`,
    );

    // Rules of marks.md section 9 that need exclusion constraints, partial indexes or triggers.
    this.addSql(
      `alter table "enrolment" add constraint "enrolment_no_overlap" exclude using gist ("student_id" with =, "course_section_id" with =, daterange("valid_from", "valid_to") with &&) where ("status" = 'enrolled');`,
    );
    this.addSql(
      `alter table "teaching_assignment" add constraint "teaching_assignment_no_overlap" exclude using gist (coalesce("course_section_id", "session_id") with =, "faculty_id" with =, "role" with =, daterange("valid_from", "valid_to") with &&);`,
    );
    this.addSql(
      `alter table "leave_application" add constraint "leave_application_no_overlap" exclude using gist ("student_id" with =, tstzrange("starts_at", "ends_at") with &&) where ("status" in ('pending', 'approved'));`,
    );
    this.addSql(
      `create unique index "correction_request_one_pending" on "correction_request" ("session_id", "student_id") where "status" = 'pending';`,
    );
    this.addSql(
      `create index "outbox_unfinished" on "outbox" ("next_attempt_at") where "done_at" is null;`,
    );
    this.addSql(
      `create trigger "attendance_operation_append_only" before update or delete on "attendance_operation" for each row execute function refuse_change();`,
    );
    this.addSql(
      `create trigger "attendance_operation_no_truncate" before truncate on "attendance_operation" for each statement execute function refuse_change();`,
    );
    this.addSql(
      `create trigger "decision_append_only" before update or delete on "decision" for each row execute function refuse_change();`,
    );
    this.addSql(
      `create trigger "decision_no_truncate" before truncate on "decision" for each statement execute function refuse_change();`,
    );
    this.addSql(
      `create trigger "consent_event_append_only" before update or delete on "consent_event" for each row execute function refuse_change();`,
    );
    this.addSql(
      `create trigger "consent_event_no_truncate" before truncate on "consent_event" for each statement execute function refuse_change();`,
    );
    this.addSql(
      `create trigger "audit_event_append_only" before update or delete on "audit_event" for each row execute function refuse_change();`,
    );
    for (const table of ['attendance_operation', 'decision', 'consent_event', 'audit_event']) {
      this.addSql(`alter table "${table}" enable always trigger "${table}_append_only";`);
    }
    for (const table of ['attendance_operation', 'decision', 'consent_event']) {
      this.addSql(`alter table "${table}" enable always trigger "${table}_no_truncate";`);
    }
    this.addSql(
      `create trigger "audit_event_no_truncate" before truncate on "audit_event" for each statement execute function refuse_change();`,
    );
    this.addSql(
      `create trigger "audit_event_default_no_truncate" before truncate on "audit_event_default" for each statement execute function refuse_change();`,
    );
    this.addSql(`alter table "audit_event" enable always trigger "audit_event_no_truncate";`);
    this.addSql(
      `alter table "audit_event_default" enable always trigger "audit_event_default_no_truncate";`,
    );
    this.addSql(`select ensure_audit_partitions(3);`);
  }

  override down(): void {
    for (const table of TABLES) this.addSql(`drop table if exists "${table}" cascade;`);
    for (const name of ['ensure_audit_partitions(integer)', 'refuse_change()', 'app_clock()']) {
      this.addSql(`drop function if exists ${name};`);
    }
  }
}

/** Every table this migration made, for the way back. */
const TABLES = [
  'academic_year',
  'app_user',
  'audit_chain_head',
  'audit_event',
  'campus',
  'data_key',
  'decision',
  'department',
  'course',
  'faculty',
  'gateway',
  'biometric_device',
  'gateway_key',
  'holiday',
  'idempotency_key',
  'institution',
  'leave_type',
  'outbox',
  'programme',
  'batch',
  'refresh_token_family',
  'refresh_token',
  'role_assignment',
  'room',
  'biometric_device_room',
  'semester',
  'course_section',
  'setting',
  'student',
  'mentor_assignment',
  'leave_application',
  'enrolment',
  'device_punch',
  'consent_event',
  'biometric_enrolment',
  'timetable_slot',
  'attendance_session',
  'teaching_assignment',
  'session_section',
  'session_change',
  'live_event',
  'correction_request',
  'attendance_operation',
  'attendance_record',
  'message_text',
];
