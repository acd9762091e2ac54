/** Calls about what the reader was told. */
import type { ApiClient } from './client.ts';
import type { Listed, Mark, StudentName } from './types.ts';

const BASE = '/api/v1/me/notifications/';

/** What kinds of news there are. */
export type NoticeKind =
  | 'mark_overruled'
  | 'marks_disagree'
  | 'record_overridden'
  | 'conflict_digest'
  | 'case_decided'
  | 'device_code'
  | 'device_registered'
  | 'device_approved'
  | 'device_pending'
  | 'headcount_excess'
  | 'headcount_short'
  | 'recheck_asked'
  | 'recheck_missed'
  | 'device_shared';

/** A class as a notification names it; `start_time` is `HH:MM` of the campus. */
export interface NoticeSession {
  readonly id: string;
  readonly course_code: string;
  readonly section_name: string;
  readonly scheduled_date: string;
  readonly start_time: string;
  readonly conflicts: number | null;
}

/** One notification. */
export interface Notification {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly created_at: string;
  readonly read_at: string | null;
  readonly mark: Mark | null;
  readonly conflict: string | null;
  readonly total: number | null;
  /** Of a head count. */
  readonly heads: number | null;
  readonly marked: number | null;
  /** Of a re-check: how many missed it, or until when to scan again. */
  readonly missed: number | null;
  readonly until: string | null;
  readonly case: {
    readonly id: string;
    readonly kind: 'leave' | 'correction' | 'self_entry' | 'unlock';
    readonly status: string;
  } | null;
  readonly sessions: readonly NoticeSession[];
  /** Of a shared phone: whom it marked, and whom it was refused for. */
  readonly students: readonly StudentName[];
}

/** The newest notifications and how many are unread. */
export interface NotificationList extends Listed<Notification> {
  readonly unread: number;
}

interface Unread {
  readonly unread: number;
}

export const readNotifications = (api: ApiClient, pageSize: number, signal?: AbortSignal) =>
  api.request<NotificationList>({ path: BASE, query: { page_size: pageSize }, signal });

export const markRead = (api: ApiClient, id: string) =>
  api.request<Unread>({ method: 'POST', path: `${BASE}${id}/read/`, body: {} });

export const markAllRead = (api: ApiClient) =>
  api.request<Unread>({ method: 'POST', path: `${BASE}read-all/`, body: {} });
