/**
 * Scans of this browser that the server has not answered yet, and those it refused later: both are
 * kept until there is an answer, or until the student has read it.
 */
import type { Captured } from './capture-clock.ts';
import { createKeptList } from './kept-list.ts';
import type { ScanRefusal } from './scan-refusal.ts';

/** One scan as it was captured. */
export interface SavedScan extends Captured {
  /** The id of the claim, however often and in whatever way it is sent. */
  readonly op_id: string;
  readonly session: string;
  readonly student: string;
  readonly qr_code: string;
  /** The ticket it was sent with at once, if it came so far: the server may have taken it. */
  readonly ticket?: string;
  /** Why it is not sent by itself any more: the server takes nothing from this browser. */
  readonly held?: HoldReason;
}

/** The refusal of a browser, not of a scan. */
export interface HoldReason {
  readonly code: string;
  readonly detail: string;
}

/** A saved scan that will never count. */
export interface RefusedScan
  extends Pick<SavedScan, 'op_id' | 'session' | 'student' | 'captured_at'>, ScanRefusal {}

/** What is kept, of all students of this browser. */
export interface SavedScansState {
  /** Those that wait to be sent; not those that the scanner is sending at this moment. */
  readonly waiting: readonly SavedScan[];
  readonly refused: readonly RefusedScan[];
}

/** The scans kept in this browser. */
export interface SavedScans {
  readonly state: () => SavedScansState;
  readonly subscribe: (listener: () => void) => () => void;
  /** The scan as it is kept now; undefined once it was answered, here or in another page. */
  find(id: string): SavedScan | undefined;
  /** Keeps a scan that is being sent already. */
  begin(scan: SavedScan): void;
  /** Notes the ticket a scan is sent with, or that its ticket has had its answer. */
  setTicket(id: string, ticket: string | null): void;
  /** The scanner got no answer: the scan waits. */
  release(id: string): void;
  /** The scan was answered and is not kept any more, but for the words of a later refusal. */
  settle(id: string, refusal?: ScanRefusal): void;
  /** The scans of a student that wait are not to be sent until they are resumed, in any page. */
  hold(student: string, reason: HoldReason): void;
  /** Those of a student that are held are to be sent again. */
  resume(student: string): void;
  /** The student gives up the scans that wait. */
  discard(student: string): void;
  /** The student has read a refusal. */
  readonly dismiss: (id: string) => void;
}

const WAITING = 'campshub360.saved-scans';
const REFUSED = 'campshub360.refused-scans';
/** Nobody reads more; the oldest go first. */
const REFUSED_MAX = 20;

/**
 * Makes the store of this page.
 * @param events  where other pages of this browser tell of their changes
 */
export function createSavedScans(
  storage: Storage = localStorage,
  events: Pick<EventTarget, 'addEventListener'> = window,
): SavedScans {
  const listeners = new Set<() => void>();
  const underWay = new Set<string>();
  const scans = createKeptList(storage, { name: WAITING, isOne: isSavedScan });
  const refused = createKeptList(storage, {
    name: REFUSED,
    isOne: isRefusedScan,
    countMax: REFUSED_MAX,
  });
  const stateNow = (): SavedScansState => ({
    waiting: scans.all().filter(({ op_id: id }) => !underWay.has(id)),
    refused: refused.all(),
  });
  let state = stateNow();

  const tell = (): void => {
    state = stateNow();
    for (const listener of listeners) listener();
  };
  /** Another page may have changed them since. */
  const refresh = (): void => {
    scans.refresh();
    refused.refresh();
  };
  const find = (id: string): SavedScan | undefined => {
    refresh();
    return scans.all().find((scan) => scan.op_id === id);
  };

  const waitingOf = (student: string): SavedScan[] => {
    refresh();
    return stateNow().waiting.filter((scan) => scan.student === student);
  };

  events.addEventListener('storage', () => {
    refresh();
    tell();
  });

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    find,
    begin(scan) {
      underWay.add(scan.op_id);
      scans.put(scan);
      tell();
    },
    setTicket(id, ticket) {
      const scan = find(id);
      if (!scan) return;
      const { ticket: _before, ...bare } = scan;
      scans.put(ticket === null ? bare : { ...bare, ticket });
      tell();
    },
    release(id) {
      underWay.delete(id);
      tell();
    },
    settle(id, refusal) {
      const scan = find(id);
      if (scan && refusal) {
        const { session, student, captured_at } = scan;
        refused.put({ op_id: id, session, student, captured_at, ...refusal });
      }
      scans.remove(id);
      // There may be room for the refusal only now.
      refused.flush();
      underWay.delete(id);
      tell();
    },
    hold(student, { code, detail }) {
      for (const scan of waitingOf(student)) scans.put({ ...scan, held: { code, detail } });
      tell();
    },
    resume(student) {
      for (const { held, ...bare } of waitingOf(student)) if (held) scans.put(bare);
      tell();
    },
    discard(student) {
      for (const { op_id: id } of waitingOf(student)) scans.remove(id);
      tell();
    },
    dismiss(id) {
      refused.remove(id);
      tell();
    },
  };
}

const hasTexts = (value: unknown, ...names: readonly string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => typeof (value as Record<string, unknown>)[name] === 'string');

const isSavedScan = (value: unknown): value is SavedScan =>
  hasTexts(value, 'op_id', 'session', 'student', 'captured_at', 'boot_id', 'qr_code') &&
  typeof (value as SavedScan).captured_mono_ms === 'number';

const isRefusedScan = (value: unknown): value is RefusedScan =>
  hasTexts(value, 'op_id', 'session', 'student', 'captured_at', 'code', 'detail');
