/** The refused scans, for the integrity report (presence.md section 10). */
import { appendLog, auditEntry, sessionChain, type AuditEntry } from '../../audit/append-log.ts';
import type { ScanAnswers } from '../../db/queries/scan-facts.ts';
import { rows, type Em } from '../../db/orm.ts';
import { isRefused } from '../../domain/presence/judge-scan.ts';
import type { Id } from '../../domain/types.ts';
import type { Operation } from '../ports.ts';
import { withRetries } from '../records/mark-records.ts';
import { beginMarks } from '../sessions/session-row.ts';
import type { Candidate, Scan } from './scan.ts';
import { tellOfSharedDevices, type SharedDevice } from './tell-of-presence.ts';

/**
 * Keeps what was refused, in a short transaction after the marks: evidence of what was tried. A phone
 * that served two people is a security event that names both, to staff alone, who are told of it.
 */
export async function keepRefusals(
  operation: Operation,
  candidates: readonly Candidate[],
): Promise<void> {
  const refused = candidates.flatMap(({ scan, answers, judged }) =>
    judged !== 'repeated' && isRefused(judged) && answers?.isOnRoster
      ? [{ scan, answers, code: judged.code }]
      : [],
  );
  if (refused.length === 0) return;
  await withRetries(() =>
    operation.em.fork().transactional(async (em) => {
      await beginMarks(em);
      await keep({ ...operation, em }, em, refused);
    }),
  );
}

interface Refused {
  readonly scan: Scan;
  readonly answers: ScanAnswers;
  readonly code: string;
}

async function keep({ ids }: Operation, em: Em, refused: readonly Refused[]): Promise<void> {
  const holders = await claimHolders(em, refused);
  const holderOf = ({ scan, answers, code }: Refused): Id | null =>
    code === 'device_already_used'
      ? (holders.get(`${scan.sessionId}|${answers.key?.id}`) ?? null)
      : null;
  await rows(
    em,
    `insert into scan_refusal (id, session_id, student_id, device_key_id, code, other_student_id)
     select * from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::text[], ?::uuid[])`,
    [
      refused.map(() => ids.next()),
      refused.map(({ scan }) => scan.sessionId),
      refused.map(({ scan }) => scan.studentId),
      refused.map(({ answers }) => answers.key?.id ?? null),
      refused.map(({ code }) => code),
      refused.map(holderOf),
    ],
  );
  const audit = refused.flatMap((refusal): AuditEntry[] => {
    const holder = holderOf(refusal);
    if (holder === null) return [];
    const { scan } = refusal;
    return [
      auditEntry(scan.actor, {
        chain: sessionChain(scan.sessionId),
        action: 'security.device_shared',
        entityType: 'AttendanceSession',
        entityId: scan.sessionId,
        sessionId: scan.sessionId,
        studentId: scan.studentId,
        after: { other_student: holder },
      }),
    ];
  });
  await tellOfSharedDevices(
    { ids },
    em,
    refused.flatMap((refusal): SharedDevice[] => {
      const [holder, deviceKey] = [holderOf(refusal), refusal.answers.key?.id];
      if (holder === null || deviceKey === undefined) return [];
      const { sessionId: session, studentId } = refusal.scan;
      return [{ session, deviceKey, students: [holder, studentId] }];
    }),
  );
  await appendLog(em, ids, { audit });
}

async function claimHolders(em: Em, refused: readonly Refused[]): Promise<Map<string, Id>> {
  const asked = refused.filter(({ code }) => code === 'device_already_used');
  if (asked.length === 0) return new Map();
  const found = await rows<{ session_id: Id; device_key_id: Id; student_id: Id }>(
    em,
    `select session_id, device_key_id, student_id from session_device_claim
     where session_id = any(?::uuid[]) and device_key_id = any(?::uuid[])`,
    [
      asked.map(({ scan }) => scan.sessionId),
      asked.flatMap(({ answers }) => answers.key?.id ?? []),
    ],
  );
  return new Map(found.map((row) => [`${row.session_id}|${row.device_key_id}`, row.student_id]));
}
