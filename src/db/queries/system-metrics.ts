/** Counts of the whole system, as the original's system metrics show them. */
import { firstRow, rows, type Em } from '../orm.ts';

/** Totals over all campuses, and how many devices are in each state. */
export interface SystemMetrics {
  readonly totalSessions: number;
  readonly activeSessions: number;
  readonly totalRecords: number;
  readonly pendingCorrections: number;
  readonly deviceStatus: Readonly<Record<string, number>>;
}

/** Reads the counts in two statements. */
export async function readSystemMetrics(em: Em): Promise<SystemMetrics> {
  const counts = await firstRow<Omit<SystemMetrics, 'deviceStatus'>>(
    em,
    `select (select count(*) from attendance_session)::int as "totalSessions",
       (select count(*) from attendance_session where status = 'open')::int as "activeSessions",
       (select count(*) from attendance_record)::int as "totalRecords",
       (select count(*) from correction_request where status = 'pending')::int as "pendingCorrections"`,
  );
  return {
    totalSessions: 0,
    activeSessions: 0,
    totalRecords: 0,
    pendingCorrections: 0,
    ...counts,
    deviceStatus: await readDeviceStatus(em),
  };
}

/** How many biometric devices are in each state; states without a device are left out. */
export async function readDeviceStatus(em: Em): Promise<Record<string, number>> {
  const found = await rows<{ status: string; count: number }>(
    em,
    'select status, count(*)::int as count from biometric_device group by status order by status',
  );
  return Object.fromEntries(found.map(({ status, count }) => [status, count]));
}
