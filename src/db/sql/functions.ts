/** Database functions that migrations install; each is one statement. */

/**
 * `app_clock()`: the clock of every SQL statement. The body is `clock_timestamp()`; tests replace
 * it by one that adds an offset (marks.md section 7).
 */
export const appClockFunction = `
create or replace function app_clock() returns timestamptz language sql volatile as
$$ select clock_timestamp() $$;`;

/** `refuse_change()`: trigger that keeps a table append-only (trust.md section 6). */
export const appendOnlyFunction = `
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on append-only table %', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;`;

/**
 * `ensure_audit_partitions(months)`: makes the monthly partitions of `audit_event` from this month
 * on, each with its own truncate guard; existing ones are left as they are.
 */
export const auditPartitionFunction = `
create or replace function ensure_audit_partitions(months integer) returns integer language plpgsql as $$
declare
  first_day date; part text; made integer := 0;
begin
  for i in 0..months loop
    first_day := (date_trunc('month', app_clock() at time zone 'UTC') + make_interval(months => i))::date;
    part := 'audit_event_' || to_char(first_day, 'YYYYMM');
    if to_regclass(part) is null then
      execute format('create table %I partition of audit_event for values from (%L) to (%L)',
        part, first_day::text || ' 00:00:00+00', (first_day + interval '1 month')::date::text || ' 00:00:00+00');
      execute format('create trigger %I before truncate on %I for each statement execute function refuse_change()',
        part || '_no_truncate', part);
      execute format('alter table %I enable always trigger %I', part, part || '_no_truncate');
      execute format('alter table %I enable always trigger audit_event_append_only', part);
      made := made + 1;
    end if;
  end loop;
  return made;
end $$;`;

/**
 * The movable clock of tests: `app_clock()` adds the offset of the one-row table `test_clock`.
 * Installed only into the template database of the tests.
 */
export const testClockStatements = [
  'create table if not exists test_clock (only_row boolean primary key default true check (only_row), offset_ms bigint not null default 0)',
  'insert into test_clock default values on conflict do nothing',
  `create or replace function app_clock() returns timestamptz language sql volatile as
   $$ select clock_timestamp() + make_interval(secs => (select offset_ms from test_clock) / 1000.0) $$`,
];
