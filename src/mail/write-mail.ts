/** The words of a mail: what happened and where to look, without marks, names or reasons. */
import { CODE_MINUTES } from '../domain/devices/device-code.ts';
import type { NamedSession } from '../db/queries/notifications.ts';
import type { NoticeKind, NoticePayloads } from '../domain/notices.ts';
import type { CaseKind, Id } from '../domain/types.ts';

/** A notice whose mail follows from its payload: the mail of a code carries what no row holds. */
type PlainKind = Exclude<NoticeKind, 'device_code'>;

/** A stored notice, as far as its mail needs it. */
export interface WrittenNotice {
  readonly kind: PlainKind;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Subject and text of a mail. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
}

/** Classes by id, as messages name them. */
type Names = ReadonlyMap<Id, NamedSession>;
/** What a kind says, and the page of the dashboard it leads to. */
interface Words {
  readonly subject: string;
  readonly lines: readonly string[];
  readonly page: string;
}
type Writers = {
  readonly [K in PlainKind]: (payload: NoticePayloads[K], names: Names) => Words;
};

/**
 * Writes the mail of a notice. Mail leaves the institution's control, so it says less than the
 * dashboard: which class, never which mark or whose word.
 * @param dashboardUrl  undefined: the text names the page in words only
 */
export function writeMail(
  { kind, payload }: WrittenNotice,
  names: Names,
  dashboardUrl: string | undefined,
): MailText {
  // The kind of a row decides the shape of its payload: both are written by `notify` alone.
  const write = WRITERS[kind] as (payload: unknown, names: Names) => Words;
  return mailOf(write(payload, names), dashboardUrl);
}

/**
 * Writes the mail that carries a code for a first device.
 * @param code  the six digits
 */
export function writeCodeMail(code: string, dashboardUrl: string | undefined): MailText {
  const words = {
    subject: 'Your code to register a device',
    lines: [
      `Your code is ${code}. It is good for ${CODE_MINUTES} minutes, in the window or app in which you asked for it.`,
      '',
      'Nobody of the staff ever asks you for it. If you did not ask for a code, somebody else knows your password: change it, and tell the office.',
    ],
    page: '/my-devices',
  };
  return mailOf(words, dashboardUrl);
}

function mailOf({ subject, lines, page }: Words, dashboardUrl: string | undefined): MailText {
  const where = dashboardUrl === undefined ? [] : ['', new URL(page, dashboardUrl).href];
  return {
    subject,
    text: [
      ...lines,
      ...where,
      '',
      'This message was sent automatically. Sign in to the attendance dashboard for details.',
      '',
    ].join('\n'),
  };
}

const CASE_WORDS: Readonly<Record<CaseKind, string>> = {
  leave: 'leave application',
  correction: 'correction request',
  self_entry: 'self-entry',
  unlock: 'request to unlock a register',
};

const WRITERS: Writers = {
  mark_overruled: ({ session }, names) => ({
    subject: 'Your attendance was decided by a person',
    lines: [
      `For ${nameOf(session, names)}, a device or your own scan had recorded your presence, and a member of the staff decided otherwise.`,
      'If you disagree, look at the record and ask for a correction.',
    ],
    page: '/my-attendance',
  }),
  marks_disagree: ({ session }, names) => ({
    subject: 'Two people recorded different marks',
    lines: [
      `In ${nameOf(session, names)}, somebody else recorded another mark than you for the same student.`,
      'Please look at the conflict and settle it.',
    ],
    page: `/sessions/${session}`,
  }),
  record_overridden: ({ session }, names) => ({
    subject: 'An attendance record was overridden',
    lines: [`In ${nameOf(session, names)}, a record was changed by an authorised override.`],
    page: `/sessions/${session}`,
  }),
  conflict_digest: ({ date, total, sessions }, names) => ({
    subject: `${total} open attendance ${total === 1 ? 'conflict' : 'conflicts'} on ${date}`,
    lines: [
      'These classes of yours have contradictions that wait for a word:',
      '',
      ...sessions.map(({ session, conflicts }) => `- ${nameOf(session, names)}: ${conflicts}`),
    ],
    page: '/sessions',
  }),
  case_decided: ({ case_kind: kind, status }) => ({
    subject: `Your ${CASE_WORDS[kind]} has an answer`,
    lines: [
      status === 'expired'
        ? `Nobody decided your ${CASE_WORDS[kind]} in its time.`
        : `Your ${CASE_WORDS[kind]} was decided.`,
    ],
    page: '/my-requests',
  }),
  device_registered: ({ status }) => ({
    subject: 'A device was registered for you',
    lines: [
      status === 'active'
        ? 'A phone or browser was registered to record your attendance.'
        : 'Another phone or browser was registered to record your attendance, and the one before it was ended. For a day its scans are marked as from a new device, unless your mentor or teacher approves it first.',
      'If that was not you, end it on the page of your devices, change your password, and tell your mentor or the office.',
    ],
    page: '/my-devices',
  }),
  device_approved: () => ({
    subject: 'Your new device was approved',
    lines: [
      'A member of the staff approved your new device. Its scans are no longer marked as from a new device.',
      'If you did not show it to anybody, tell your mentor or the office.',
    ],
    page: '/my-devices',
  }),
  device_pending: () => ({
    subject: "A student's new device waits for approval",
    lines: [
      'A student you look after registered another device. For a day its scans are marked as from a new device.',
      'Approve it once you have seen the student with it; if you know of no new device, ask.',
    ],
    page: '/approvals?view=devices',
  }),
  headcount_excess: ({ session }, names) => ({
    subject: 'A head count found fewer people than marks',
    lines: [`In ${nameOf(session, names)}, more students are marked than were seen in the room.`],
    page: `/sessions/${session}`,
  }),
  headcount_short: ({ session }, names) => ({
    subject: 'A head count found more people than marks',
    lines: [`In ${nameOf(session, names)}, more people were seen in the room than are marked.`],
    page: `/sessions/${session}`,
  }),
  recheck_asked: ({ session }, names) => ({
    subject: 'Scan again in your class',
    lines: [`You were asked to scan again in ${nameOf(session, names)}.`],
    page: `/sessions/${session}/scan`,
  }),
  recheck_missed: ({ session }, names) => ({
    subject: 'Not everyone scanned again',
    lines: [
      `In ${nameOf(session, names)}, a re-check is over and somebody who was asked did not scan again.`,
    ],
    page: `/sessions/${session}`,
  }),
  device_shared: ({ session }, names) => ({
    subject: 'One phone was used for two students',
    lines: [
      `In ${nameOf(session, names)}, a phone that had marked one student tried to mark another and was refused.`,
      'Please look at who is in the room, and talk to both.',
    ],
    page: `/sessions/${session}`,
  }),
};

function nameOf(session: Id, names: Names): string {
  const name = names.get(session);
  if (!name) return 'one of your classes';
  const { courseCode, sectionName, scheduledDate, startTime } = name;
  return `${courseCode} ${sectionName} on ${scheduledDate} at ${startTime}`;
}
