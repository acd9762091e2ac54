/** Scans made without a connection: kept in this browser until the server has answered each. */
import type { ApiClient } from '../api/client.ts';
import type { MarkResult } from '../api/types.ts';
import { uuidV7 } from '../shared/uuid-v7.ts';

/** One scan as it was captured. */
interface SavedScan {
  readonly op_id: string;
  readonly session: string;
  readonly student: string;
  readonly captured_at: string;
  readonly captured_mono_ms: number;
  readonly boot_id: string;
  readonly qr_code: string;
}

const NAME = 'campshub360.saved-scans';
/** The steady clock of a page counts from its own start, so each page is a boot of its own. */
const BOOT_ID = crypto.randomUUID();
const monotonicMs = (): number => Math.round(performance.now());

/** Keeps a scan of the signed-in student. */
export function saveScan(
  { session, student, token }: { session: string; student: string; token: string },
  storage: Storage = localStorage,
): void {
  const scan: SavedScan = {
    op_id: uuidV7(),
    session,
    student,
    captured_at: new Date().toISOString(),
    captured_mono_ms: monotonicMs(),
    boot_id: BOOT_ID,
    qr_code: token,
  };
  write([...read(storage), scan], storage);
}

/** How many scans of a student wait. */
export function countSaved(student: string, storage: Storage = localStorage): number {
  return read(storage).filter((scan) => scan.student === student).length;
}

/**
 * Sends what a student saved; what was answered is removed, whatever the answer.
 * @returns the answers, none when nothing waited
 */
export async function sendSaved(
  api: ApiClient,
  student: string,
  storage: Storage = localStorage,
): Promise<readonly MarkResult[]> {
  const own = read(storage).filter((scan) => scan.student === student);
  if (own.length === 0) return [];
  const { results } = await api.request<{ readonly results: readonly MarkResult[] }>({
    method: 'POST',
    path: '/api/v1/attendance/sync/',
    body: {
      client_id: 'dashboard',
      sent_at: new Date().toISOString(),
      sent_mono_ms: monotonicMs(),
      boot_id: BOOT_ID,
      ops: own.map(({ qr_code, ...scan }) => ({
        ...scan,
        kind: 'mark',
        mark: 'present',
        base_op_id: null,
        acks: [],
        evidence: { qr_code },
      })),
    },
    deviceProof: {},
  });
  const answered = new Set(
    results.filter(({ status }) => status !== 'retry').map(({ op_id: id }) => id),
  );
  write(
    read(storage).filter((scan) => !answered.has(scan.op_id)),
    storage,
  );
  return results;
}

function read(storage: Storage): SavedScan[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(NAME) ?? '[]');
    return Array.isArray(kept) ? (kept as SavedScan[]) : [];
  } catch {
    // Something else wrote there; it is no scan.
    return [];
  }
}

function write(scans: readonly SavedScan[], storage: Storage): void {
  storage.setItem(NAME, JSON.stringify(scans));
}
