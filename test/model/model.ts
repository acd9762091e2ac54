/**
 * The law of marks.md sections 2 to 11 for one class session, as plainly as it can be said: a clock
 * in minutes, a list of claims, a few maps. It shares no code with the product; which claim wins is
 * left to the second reading of the rules in test/order/reference.ts.
 */
import type { Mark, SessionStatus } from '../../src/domain/types.ts';
import { FIRST_MINUTE_OF_DAY, STUDENTS } from './commands.ts';
import type { ClassView, Command, Given, Person, Student } from './commands.ts';
import { POLICY, Register, type Claim, type Mutant } from './register.ts';
import { Enrolments, type Days } from './enrolments.ts';

const DAY = 1_440;
const LOCK_AFTER = POLICY.lockAfterHours * 60;
const CORRECTION_DAYS = 7;

type Doing<D extends Command['do']> = Command & { do: D };
type Leave = { readonly id: string; readonly student: Student; from: number; to: number };
type Asked = { from: Mark | null; to: Mark; by: string; evidence: readonly string[] };
type Said = { readonly mark: Mark; readonly winner: string };

/** One class session as the law has it. */
export class Model {
  readonly #mutant: Mutant | null;
  readonly #autoOpen: boolean;
  /** Half a minute past a whole one, where no bound of the class lies. */
  #now = 0.5;
  #status: SessionStatus = 'scheduled';
  #start: number;
  #end: number;
  #opens: number;
  #lockDue: number | null = null;
  #taken = false;
  readonly #claims = new Register();
  readonly #enrolments = new Enrolments();
  readonly #leaves: Leave[] = [];
  readonly #pending = new Map<Student, Asked>();
  /** What the register says; of a former member or after the lock, what it last said. */
  readonly #records = new Map<Student, Said | null>();
  #open: readonly (readonly string[])[] = [];

  constructor({ autoOpen, startsIn, minutes }: Given, mutant: Mutant | null = null) {
    this.#mutant = mutant;
    this.#autoOpen = autoOpen;
    this.#start = startsIn;
    this.#end = startsIn + minutes;
    this.#opens = startsIn - POLICY.earlyOpenMinutes;
  }

  /** Takes a command and gives the answer a person gets: `ok`, a status of a mark, or a code. */
  take(command: Command): string {
    switch (command.do) {
      case 'advance':
        this.#now += command.minutes;
        return 'ok';
      case 'timer':
        return this.#timer();
      case 'open':
      case 'close':
      case 'lock':
      case 'cancel':
      case 'restore':
        return this.#edge(command.do);
      case 'reschedule':
        return this.#reschedule(Math.floor(this.#now) + command.startsIn, command.minutes);
      case 'mark':
        return this.#claim(this.#word(command, command.by === 'hod' ? 90 : 80));
      case 'patch':
        return this.#patch(command);
      case 'bulk':
        return this.#bulk(command);
      case 'sync':
        return this.#claim({
          ...this.#word(command),
          eff: this.#now - command.age,
          draftedBy: 'teacher',
        });
      case 'punch':
        return this.#punch(command.student, this.#now - command.age);
      case 'leave':
        return this.#leave(command);
      case 'ask':
        return this.#ask(command);
      case 'decide':
        return this.#decide(command);
      case 'enrol':
      case 'drop':
        return this.#changeRoster(this.#enrolments[command.do](command.student, command.day));
      default:
        return command satisfies never;
    }
  }

  view(): ClassView {
    const roster = this.#roster().map((student) => {
      const record = this.#records.get(student) ?? null;
      const source = this.#claims.sourceOf(record?.winner);
      return record ? `${student} ${record.mark} ${source}` : `${student} unmarked`;
    });
    const count = (word: string) => roster.filter((line) => line.split(' ')[1] === word).length;
    const words = ['present', 'late', 'absent', 'excused', 'unmarked'];
    return {
      status: this.#status,
      roster,
      counts: {
        ...Object.fromEntries(words.map((word) => [word, count(word)])),
        roster: roster.length,
        conflicts: this.#open.length,
      },
    };
  }

  #day = (minute: number): number => Math.floor((FIRST_MINUTE_OF_DAY + minute) / DAY);

  /** Section 8. */
  #roster = (): Student[] => this.#enrolments.membersOn(this.#day(this.#start));

  /** Section 6: the state that counts for marks, by the clock and not by the worker. */
  #effective(): SessionStatus {
    if (this.#status === 'cancelled' || this.#status === 'locked') return this.#status;
    if (this.#now >= (this.#lockDue ?? this.#end + LOCK_AFTER)) {
      return this.#mutant === 'lock-is-not-final' ? 'closed' : 'locked';
    }
    if (this.#status === 'closed' || this.#now >= this.#end) return 'closed';
    const isOpen = this.#status === 'open' || (this.#autoOpen && this.#now >= this.#opens);
    return isOpen ? 'open' : 'scheduled';
  }

  /** What the worker does now, if it comes. */
  #timer(due = this.#due()): string {
    return due && this.#edge(due, true) === 'ok' ? due : 'none';
  }

  #due(): 'open' | 'close' | 'lock' | null {
    const [now, status] = [this.#now, this.#status];
    if (status === 'closed') return now >= (this.#lockDue ?? this.#end) ? 'lock' : null;
    if (status !== 'open' && status !== 'scheduled') return null;
    if (now >= this.#end) return 'close';
    return status === 'scheduled' && this.#autoOpen && now >= this.#opens ? 'open' : null;
  }

  /** The transitions of section 6. */
  #edge(edge: 'open' | 'close' | 'lock' | 'cancel' | 'restore', byTimer = false): string {
    const [now, status] = [this.#now, this.#status];
    const isBefore = status === 'scheduled';
    const allowed = {
      open: (isBefore || status === 'closed') && now < this.#end,
      close: status === 'open' || (isBefore && (byTimer || now >= this.#opens)),
      lock: status === 'closed',
      cancel: isBefore || status === 'open',
      restore: status === 'cancelled' && now < this.#start,
    }[edge];
    if (!allowed) return 'state_conflict';
    const by = byTimer ? null : 'teacher';
    if (edge === 'open') {
      // The law is silent on opening early; the window then begins at once.
      if (isBefore) this.#opens = Math.min(this.#opens, now);
      this.#set('open', null);
      if (isBefore) this.#applyLeaves(by);
    } else if (edge === 'close') {
      this.#applyLeaves(by);
      // A late worker does not delay the lock: what counted as final stays final.
      this.#set('closed', Math.min(now, this.#end) + LOCK_AFTER);
      this.#taken = this.#wasTaken();
    } else if (edge === 'lock') this.#set('locked', this.#lockDue);
    else if (edge === 'cancel') this.#set('cancelled', this.#lockDue);
    else this.#again(this.#start, this.#end);
    if (edge !== 'lock') this.#settle();
    return 'ok';
  }

  #set(status: SessionStatus, lockDue: number | null): void {
    this.#status = status;
    this.#lockDue = lockDue;
    if (status === 'open') this.#taken = false;
  }

  /** Section 10. */
  #reschedule(start: number, minutes: number): string {
    const begins = this.#autoOpen ? this.#opens : this.#end;
    if (this.#status !== 'scheduled' || this.#now >= begins) return 'state_conflict';
    if (minutes <= 0) return 'window_inverted';
    if (start <= this.#now) return 'window_in_past';
    this.#again(start, start + minutes);
    this.#settle();
    return 'ok';
  }

  /** A new epoch: leave of the old one is withdrawn and computed again. */
  #again(start: number, end: number): void {
    this.#set('scheduled', null);
    this.#settle(this.#claims.withdrawLeaves());
    [this.#start, this.#end, this.#opens] = [start, end, start - POLICY.earlyOpenMinutes];
    this.#applyLeaves('teacher');
  }

  /** A person's mark; with `sees` it names the winner that the screen showed. */
  #word(
    { student, mark, sees }: { student: Student; mark: Mark; sees: boolean },
    rank = 80,
  ): Claim {
    const base = sees ? (this.#records.get(student)?.winner ?? null) : null;
    return { student, mark, rank, source: 'manual', base };
  }

  #punch(student: Student, eff: number): string {
    const punch = { student, mark: 'present', rank: 60, source: 'biometric', eff } as const;
    return this.#claim({ ...punch, draftedBy: student });
  }

  #stateRefusal(rank: number): string | null {
    const state = this.#effective();
    if (state === 'cancelled') return 'session_cancelled';
    if (state === 'scheduled' && rank !== 70) return 'session_not_open';
    if (state === 'locked' && rank !== 100) return 'session_locked';
    const isRefused = this.#mutant === 'no-marks-after-close' && state === 'closed' && rank === 80;
    return isRefused ? 'session_closed' : null;
  }

  /** Rules R1 to R6: admits a claim, or says why not. */
  #claim(claim: Claim): string {
    const { student, mark, rank, eff = this.#now } = claim;
    if (!this.#roster().includes(student)) return 'not_on_roster';
    const refused = this.#stateRefusal(rank);
    const isLate = refused === 'session_locked' && claim.draftedBy !== undefined;
    if (refused && !isLate) return refused;
    if (mark === 'excused' && rank === 80) return 'mark_not_allowed';
    if (rank === 60 && (eff < this.#opens || eff > this.#end)) return 'outside_window';
    if (isLate) return this.#draft(claim, eff);
    const id = this.#claims.add(claim, eff, 'admitted');
    if (this.#status === 'closed' && this.#effective() === 'closed') {
      this.#taken ||= this.#wasTaken();
    }
    this.#settle([student]);
    if (this.#open.some((ids) => ids.includes(id))) return 'conflict_resolved';
    return this.#records.get(student)?.winner === id ? 'applied' : 'superseded';
  }

  /** Section 6, locked: evidence that differs from the record drafts a correction or joins one. */
  #draft(claim: Claim, eff: number): string {
    const { student, rank, mark, draftedBy: by = student } = claim;
    const from = this.#records.get(student)?.mark ?? null;
    const to = rank === 60 && eff > this.#start + POLICY.lateAfterMinutes ? 'late' : mark;
    const pending = this.#pending.get(student);
    // The law drafts always; what the record says already leads nowhere, and the product refuses it.
    if (!pending && from === to) return 'session_locked';
    const id = this.#claims.add(claim, eff, 'review');
    const { evidence, ...request } = pending ?? { from, to, by, evidence: [] };
    this.#pending.set(student, { ...request, evidence: [...evidence, id] });
    return 'needs_review';
  }

  #patch({ student, mark, isStale }: Doing<'patch'>): string {
    const refused = this.#stateRefusal(80);
    if (refused) return refused;
    if (isStale) return 'stale';
    const acks = this.#claims.idsOf(student);
    return this.#claim({ ...this.#word({ student, mark, sees: true }), acks });
  }

  #bulk({ items, rest, sees }: Doing<'bulk'>): string {
    const listed = new Set(items.map(({ student }) => student));
    const others = this.#roster().filter((s) => !listed.has(s) && !this.#records.get(s));
    const words = items.map((item) => this.#word({ ...item, sees }));
    const defaults = others.flatMap((student) =>
      rest ? [this.#word({ student, mark: rest, sees: false })] : [],
    );
    const answers = [...words, ...defaults].map((word) => `${word.student} ${this.#claim(word)}`);
    return answers.sort().join(', ');
  }

  /** Filed by the student and approved by the head of department. */
  #leave({ student, from: offset, minutes }: Doing<'leave'>): string {
    const from = this.#start + offset;
    const to = from + minutes;
    const own = this.#leaves.filter((leave) => leave.student === student);
    if (own.some((leave) => leave.from < to && from < leave.to)) return 'leave_overlaps';
    const leave = { id: `leave${this.#leaves.length}`, student, from, to };
    this.#leaves.push(leave);
    this.#applyLeaves('hod', [leave]);
    return 'ok';
  }

  /** Section 10: a leave covers the class with half of its length or more. */
  #applyLeaves(by: Person | null, leaves: readonly Leave[] = this.#leaves): void {
    if (this.#status === 'cancelled') return;
    for (const { id: leave, student, from, to } of leaves) {
      const overlap = Math.min(to, this.#end) - Math.max(from, this.#start);
      if (overlap < (this.#end - this.#start) / 2 || this.#claims.hasLeave(leave)) continue;
      const draftedBy = by ?? student;
      this.#claim({ student, mark: 'excused', rank: 70, source: 'leave', leave, draftedBy });
    }
  }

  /** Section 11, by the student. */
  #ask({ student, to }: Doing<'ask'>): string {
    if (!this.#roster().includes(student)) return 'not_found';
    if (this.#status === 'scheduled') return 'session_not_open';
    if (this.#status === 'open') return 'state_conflict';
    if (this.#status === 'cancelled') return 'session_cancelled';
    if (this.#day(this.#now) > this.#day(this.#start) + CORRECTION_DAYS) {
      return 'correction_window_closed';
    }
    const from = this.#records.get(student)?.mark ?? null;
    if (from === to) return 'no_change';
    if (this.#pending.has(student)) return 'duplicate_request';
    this.#pending.set(student, { from, to, by: student, evidence: [] });
    return 'ok';
  }

  #decide({ student, by, isApproved }: Doing<'decide'>): string {
    const asked = this.#pending.get(student);
    if (!asked) return 'nothing pending';
    if (asked.by === by) return 'own_request';
    if (isApproved) {
      const record = this.#records.get(student) ?? null;
      if ((record?.mark ?? null) !== asked.from) return 'record_changed';
      const { to: mark, evidence: acks } = asked;
      const base = record?.winner ?? null;
      const code = this.#claim({ student, mark, rank: 100, source: 'correction', base, acks });
      if (code.startsWith('session_') || code === 'not_on_roster') return code;
    }
    this.#pending.delete(student);
    return 'ok';
  }

  /**
   * Section 8; a final register is left alone. The law does not say whether one counts as final
   * whose lock has fallen due but has not run; the product resolves it again.
   */
  #changeRoster(changed: string | Days): string {
    if (typeof changed === 'string') return changed;
    const { from, to } = changed;
    const day = this.#day(this.#start);
    const isTouched = day >= from && (to === null || day < to);
    if (!isTouched || this.#status === 'locked' || this.#status === 'cancelled') return 'ok';
    this.#applyLeaves('admin');
    if (this.#status === 'closed') this.#taken = this.#wasTaken();
    this.#settle();
    return 'ok';
  }

  #wasTaken = (): boolean => this.#claims.wasTaken(this.#roster());

  /** Reads the claims again, for the roster and whoever is named; a final register stays. */
  #settle(named: readonly string[] = []): void {
    const isFinal = this.#status === 'locked';
    const members: readonly string[] = isFinal ? [] : this.#roster();
    const said = this.#claims.read(this.#start, this.#taken, this.#mutant);
    for (const student of STUDENTS) {
      const isRead = members.includes(student) || named.includes(student);
      if (isRead) this.#records.set(student, said.records.get(student) ?? null);
    }
    this.#open = [
      ...this.#open.filter((ids) => isFinal && !this.#claims.areOf(ids, named)),
      ...said.open.filter((ids) => this.#claims.areOf(ids, isFinal ? named : this.#roster())),
    ];
  }
}
