/** A scan from the ticket to the answer: what is sent, what is saved, and what the student reads. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { NoAnswer } from '../api/problem.ts';
import { readOwnRecheck } from '../api/presence-checks.ts';
import { openScanner, sendScan, type ScanTicket } from '../api/presence.ts';
import { queryKeys } from '../api/query-keys.ts';
import type { MarkResult } from '../api/types.ts';
import { useApp } from '../app-context.ts';
import { uuidV7 } from '../shared/uuid-v7.ts';
import { recheckOutcome, type RecheckOutcome } from './recheck-outcome.ts';
import { saveScan } from './saved-scans.ts';
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
  | { readonly kind: 'saved' };

/** A code, and until when the class asked this student to scan again; null where it did not. */
export interface ScanAttempt {
  readonly code: ScannedCode;
  readonly askedUntilMs: number | null;
}

/** A new ticket before the old one ends. */
const TICKET_LIFE_MS = 60_000;

/** The scanner of one session, for one student. */
export function useScanner(session: string, student: string) {
  const { api } = useApp();
  const queryClient = useQueryClient();
  const [held, setHeld] = useState<(ScanTicket & { readonly takenAtMs: number }) | null>(null);
  const positionOf = usePosition(held?.asks_location === true);

  /** A ticket that is still good; taken when the scanner opens, so that the scan itself is one step. */
  const ticketNow = async (): Promise<ScanTicket> => {
    if (held && performance.now() - held.takenAtMs < TICKET_LIFE_MS) return held;
    const taken = await openScanner(api, session);
    setHeld({ ...taken, takenAtMs: performance.now() });
    return taken;
  };
  const opening = useMutation({ mutationFn: ticketNow, networkMode: 'always' });
  const { mutate: open } = opening;
  useEffect(() => open(), [open]);

  const send = async (code: ScannedCode): Promise<MarkResult> => {
    const { ticket } = await ticketNow();
    const location = positionOf();
    const body = { session, ticket, ...code, ...(location ? { location } : {}) };
    return sendScan(api, body, uuidV7());
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
    mutationFn: async ({ code, askedUntilMs: untilMs }: ScanAttempt): Promise<ScanEnd> => {
      let result: MarkResult;
      try {
        result = await send(code);
      } catch (error) {
        // Digits are too weak to be kept: only a scanned code proves when it was seen.
        if (!(error instanceof NoAnswer) || !('qr_token' in code)) throw error;
        saveScan({ session, student, token: code.qr_token });
        return { kind: 'saved' };
      }
      const after = untilMs === null ? undefined : await askAgain();
      return {
        kind: 'answered',
        result,
        recheck: recheckOutcome({ untilMs, after, nowMs: Date.now() }),
      };
    },
    onSettled: () => {
      setHeld(null);
      void queryClient.invalidateQueries({ queryKey: queryKeys.session(session) });
      void queryClient.invalidateQueries({ queryKey: queryKeys.roster(session) });
    },
  });
  return {
    /** Why no scanner could be opened, where the server refused; being offline is no refusal. */
    refused: opening.error instanceof NoAnswer ? null : opening.error,
    asksLocation: held?.asks_location === true,
    sending,
    /** Opens the scanner for another try. */
    again: (): void => {
      sending.reset();
      open();
    },
  };
}
