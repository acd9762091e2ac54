/** A scan from the ticket to the answer: what is sent, what is saved, and what the student reads. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { ApiProblem } from '../api/problem.ts';
import { readOwnRecheck } from '../api/presence-checks.ts';
import { openScanner, sendScan, type ScanTicket } from '../api/presence.ts';
import { queryKeys } from '../api/query-keys.ts';
import type { MarkResult } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { uuidV7 } from '../shared/uuid-v7.ts';
import { capturedAt, readClocks, type Captured } from './capture-clock.ts';
import { recheckOutcome, type RecheckOutcome } from './recheck-outcome.ts';
import { whileSending } from './scan-locks.ts';
import { isUndecided } from './send-saved-scan.ts';
import { useOwnApi } from './use-own-api.ts';
import { usePosition } from './use-position.ts';

/** What was scanned or typed. */
export type ScannedCode = { readonly qr_token: string } | { readonly text_code: string };

/** What became of a code: an answer, or kept for later. */
export type ScanEnd =
  | {
      readonly kind: 'answered';
      readonly result: MarkResult;
      /** Judged as the scan was answered; what is asked later does not change it. */
      readonly recheck: RecheckOutcome;
    }
  | { readonly kind: 'saved'; readonly id: string };

/** A code as it was seen: id and time are those of that moment, however long its sending takes. */
interface ScanAttempt {
  readonly code: ScannedCode;
  readonly id: string;
  readonly captured: Captured;
  /** Until when the class asked this student to scan again; null where it did not. */
  readonly askedUntilMs: number | null;
}

/** A new ticket before the old one ends. */
const TICKET_LIFE_MS = 60_000;

/** A ticket that was asked for. */
interface HeldTicket {
  readonly ticket: Promise<ScanTicket>;
  /** By the wall clock: the steady one may stand still while the phone sleeps. */
  readonly askedAtMs: number;
}

/** The scanner of one session, for one student. */
export function useScanner(session: string, student: string) {
  const { scans } = useApp();
  const { api } = useOwnApi(student);
  const queryClient = useQueryClient();
  const held = useRef<HeldTicket | null>(null);
  const [asksLocation, setAsksLocation] = useState(false);
  const [isLocating, setLocating] = useState(false);
  const [refused, setRefused] = useState<Error | null>(null);
  const position = usePosition(asksLocation);

  /** A ticket that is still good; taken when the scanner opens, so that the scan itself is one step. */
  const ticketNow = async (): Promise<ScanTicket> => {
    const ageMs = Date.now() - (held.current?.askedAtMs ?? 0);
    if (held.current === null || ageMs < 0 || ageMs >= TICKET_LIFE_MS) {
      held.current = { ticket: openScanner(api, session), askedAtMs: Date.now() };
    }
    const asked = held.current;
    try {
      const ticket = await asked.ticket;
      setAsksLocation(ticket.asks_location);
      return ticket;
    } catch (error) {
      if (held.current === asked) held.current = null;
      throw error;
    }
  };
  /** The register card is what a phone of nobody needs, not this scanner. */
  const doubtDevice = (error: unknown): void => {
    if (error instanceof ApiProblem && error.code.startsWith('device_')) {
      void queryClient.invalidateQueries({ queryKey: queryKeys.ownDevices });
    }
  };
  const opening = useMutation({
    mutationFn: ticketNow,
    networkMode: 'always',
    onError: (error) => {
      // A server that is away refuses nothing: codes are then kept.
      setRefused(isUndecided(error) ? null : error);
      doubtDevice(error);
    },
    onSuccess: () => setRefused(null),
  });
  const { mutate: open } = opening;
  useEffect(() => open(), [open]);

  const locate = async () => {
    setLocating(!position.isKnown());
    try {
      return await position.find();
    } finally {
      setLocating(false);
    }
  };
  /** Sends it, and keeps the ticket where the server did not use it. */
  const send = async (
    { code, id }: ScanAttempt,
    leaves: (ticket: string) => void,
  ): Promise<MarkResult> => {
    const { ticket, asks_location: isAsked } = await ticketNow();
    const location = isAsked ? await locate() : undefined;
    leaves(ticket);
    try {
      const body = { session, ticket, ...code, ...(location ? { location } : {}) };
      const result = await sendScan(api, body, id);
      held.current = null;
      return result;
    } catch (error) {
      if (!leavesTicket(error)) held.current = null;
      throw error;
    }
  };
  /** Sends a code that proves when it was seen; it is kept before, and until there is an answer. */
  const sendKept = (attempt: ScanAttempt, token: string): Promise<MarkResult | null> => {
    const { id, captured } = attempt;
    return whileSending(id, async () => {
      scans.begin({ op_id: id, session, student, ...captured, qr_code: token });
      try {
        const result = await send(attempt, (ticket) => scans.setTicket(id, ticket));
        scans.settle(id);
        return result;
      } catch (error) {
        if (isUndecided(error)) {
          scans.release(id);
          return null;
        }
        scans.settle(id);
        throw error;
      }
    });
  };
  /** Asks anew whether the class asks: an answer that was under way may be from before the scan. */
  const askAgain = async () => {
    const queryKey = queryKeys.ownRecheck(session);
    await queryClient.cancelQueries({ queryKey });
    try {
      const after = await readOwnRecheck(api, session);
      queryClient.setQueryData(queryKey, after);
      return after;
    } catch {
      // The scan itself was answered; what came of the question shows with the next answer.
      void queryClient.invalidateQueries({ queryKey });
      return undefined;
    }
  };
  const sending = useMutation({
    // Offline is no reason to wait: the scan is then kept with the time it was made.
    networkMode: 'always',
    mutationFn: async (attempt: ScanAttempt): Promise<ScanEnd> => {
      const { code, askedUntilMs: untilMs } = attempt;
      // Digits are too weak to be kept: only a scanned code proves when it was seen.
      const result =
        'qr_token' in code
          ? await sendKept(attempt, code.qr_token)
          : await send(attempt, () => undefined);
      if (result === null) return { kind: 'saved', id: attempt.id };
      const after = untilMs === null ? undefined : await askAgain();
      return {
        kind: 'answered',
        result,
        recheck: recheckOutcome({ untilMs, after, nowMs: Date.now() }),
      };
    },
    onError: doubtDevice,
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: queryKeys.session(session) });
      void queryClient.invalidateQueries({ queryKey: queryKeys.roster(session) });
    },
  });
  return {
    /** Why no scanner could be opened, until one is. */
    refused,
    isOpening: opening.isPending,
    asksLocation,
    isLocating,
    sending,
    /** Sends a code that is seen at this moment. */
    send: (code: ScannedCode, askedUntilMs: number | null): void => {
      const captured = capturedAt(readClocks());
      sending.mutate({ code, id: uuidV7(), captured, askedUntilMs });
    },
    /** Opens the scanner for another try. */
    again: (): void => {
      sending.reset();
      open();
    },
  };
}

/** Whether a refused scan leaves its ticket good: a wrong code does, up to the fifth. */
const leavesTicket = (error: unknown): boolean =>
  error instanceof ApiProblem &&
  !isUndecided(error) &&
  error.code !== 'too_many_attempts' &&
  !error.code.startsWith('ticket_');
