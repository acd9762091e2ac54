/** What happens to a class in the model-based test, as plain data, and how it is drawn. */
import fc from 'fast-check';
import type { Mark, SessionStatus } from '../../src/domain/types.ts';

/** A student of the test; `s3` is not enrolled at first. */
export type Student = 's0' | 's1' | 's2' | 's3';
export const STUDENTS: readonly Student[] = ['s0', 's1', 's2', 's3'];
/** Enrolled from day -60 on; the others are outsiders. */
export const ENROLLED: readonly Student[] = ['s0', 's1', 's2'];
/** The first minute is 10:00 of day 0 in the zone of the campus. */
export const FIRST_MINUTE_OF_DAY = 600;
/** Who acts beside the students. */
export type Person = 'teacher' | 'hod' | 'admin';

/** The class at the beginning; minutes from the first moment. */
export interface Given {
  readonly autoOpen: boolean;
  readonly startsIn: number;
  readonly minutes: number;
}

/** What everyone can see of the class: compared with the product after every command. */
export interface ClassView {
  readonly status: SessionStatus;
  /** Mark and source by student, for the roster in order. */
  readonly roster: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** One step. Days count from that of the first moment, `age` in minutes before now. */
export type Command =
  | { readonly do: 'advance'; readonly minutes: number }
  | { readonly do: 'timer' | 'open' | 'close' | 'lock' | 'cancel' | 'restore' }
  | { readonly do: 'reschedule'; readonly startsIn: number; readonly minutes: number }
  | ({ readonly do: 'mark'; readonly by: 'teacher' | 'hod' } & Word)
  | {
      readonly do: 'patch';
      readonly student: Student;
      readonly mark: Mark;
      readonly isStale: boolean;
    }
  | {
      readonly do: 'bulk';
      readonly items: readonly { readonly student: Student; readonly mark: Mark }[];
      /** For everyone else without a record. */
      readonly rest: Mark | null;
      readonly sees: boolean;
    }
  | ({ readonly do: 'sync'; readonly age: number } & Word)
  | { readonly do: 'punch'; readonly student: Student; readonly age: number }
  | {
      readonly do: 'leave';
      readonly student: Student;
      /** From the start of the class. */
      readonly from: number;
      readonly minutes: number;
    }
  | { readonly do: 'ask'; readonly student: Student; readonly to: Mark }
  | {
      readonly do: 'decide';
      readonly student: Student;
      readonly by: 'teacher' | 'hod';
      readonly isApproved: boolean;
    }
  | { readonly do: 'enrol' | 'drop'; readonly student: Student; readonly day: number };

/** A mark by a person; with `sees` it carries the winner that the screen shows. */
interface Word {
  readonly student: Student;
  readonly mark: Mark;
  readonly sees: boolean;
}

/** A class and what happens to it. */
export interface Sequence {
  readonly given: Given;
  readonly commands: readonly Command[];
}

/** Mostly the same one, so that what happens to a student adds up. */
const STUDENT = fc.constantFrom<Student>('s0', 's0', 's0', 's0', 's1', 's1', 's2', 's3');
const MARK = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom<Mark>('present', 'late', 'absent') },
  { weight: 1, arbitrary: fc.constant<Mark>('excused') },
);
const AGE = fc.constantFrom(0, 3, 12, 40, 90);
const word = { student: STUDENT, mark: MARK, sees: fc.boolean() };
const doing = <const D extends string>(what: D): fc.Arbitrary<D> => fc.constant(what);

const ADVANCE = fc.record({
  do: doing('advance'),
  minutes: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(2, 8, 20, 45) },
    { weight: 2, arbitrary: fc.constantFrom(90, 1_440) },
    { weight: 1, arbitrary: fc.constantFrom(3 * 1_440, 8 * 1_440) },
  ),
});

const LIFE = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: doing('timer') }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('open', 'open', 'close', 'close', 'cancel') }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('lock', 'restore') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: doing('reschedule'),
      startsIn: fc.constantFrom(-30, 3, 25, 600, 1_440),
      minutes: fc.constantFrom(-10, 40, 60),
    }),
  },
);

const MARKS = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: doing('mark'),
      by: fc.constantFrom('teacher', 'teacher', 'teacher', 'hod'),
      ...word,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: doing('patch'),
      student: STUDENT,
      mark: MARK,
      isStale: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: doing('bulk'),
      items: fc.uniqueArray(fc.record({ student: STUDENT, mark: MARK }), {
        maxLength: 3,
        selector: ({ student }) => student,
      }),
      rest: fc.option(MARK),
      sees: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: doing('sync'), age: AGE, ...word }) },
  { weight: 3, arbitrary: fc.record({ do: doing('punch'), student: STUDENT, age: AGE }) },
);

const REQUESTS = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: doing('leave'),
      student: STUDENT,
      from: fc.constantFrom(-60, 0, 20),
      minutes: fc.constantFrom(29, 30, 120),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: doing('ask'), student: STUDENT, to: MARK }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: doing('decide'),
      student: STUDENT,
      by: fc.constantFrom('teacher', 'hod'),
      isApproved: fc.constantFrom(true, true, true, false),
    }),
  },
);

const PEOPLE = fc.record({
  do: fc.constantFrom('enrol', 'drop'),
  student: STUDENT,
  day: fc.constantFrom(-1, 0, 1),
});

const COMMAND: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: ADVANCE },
  { weight: 5, arbitrary: LIFE },
  { weight: 8, arbitrary: MARKS },
  { weight: 4, arbitrary: REQUESTS },
  { weight: 2, arbitrary: PEOPLE },
);

/** Steps that lead somewhere only together; others may still come between on the next draw. */
const PAIRS: fc.Arbitrary<readonly Command[]> = fc.oneof(
  fc
    .record({ student: STUDENT, to: MARK, by: fc.constantFrom('teacher', 'hod') })
    .map(({ student, to, by }): Command[] => [
      { do: 'ask', student, to },
      { do: 'decide', student, by, isApproved: true },
    ]),
  fc
    .record({ student: STUDENT, between: LIFE, day: fc.constantFrom(-1, 0) })
    .map(({ student, between, day }): Command[] => [
      { do: 'drop', student, day },
      between,
      { do: 'enrol', student, day },
    ]),
  fc.constant<Command[]>([{ do: 'cancel' }, { do: 'restore' }]),
);

const STEPS: fc.Arbitrary<readonly Command[]> = fc.oneof(
  { weight: 8, arbitrary: COMMAND.map((command) => [command]) },
  { weight: 1, arbitrary: PAIRS },
);

const seen: Word = { student: 's1', mark: 'present', sees: true };

/** Ways into states that chance alone would seldom reach. */
const BEGINNINGS: readonly (readonly Command[])[] = [
  [],
  [{ do: 'open' }],
  [{ do: 'open' }, { do: 'mark', by: 'teacher', ...seen }, { do: 'close' }],
  [{ do: 'open' }, { do: 'punch', student: 's1', age: 0 }, { do: 'close' }],
  [{ do: 'open' }, { do: 'close' }],
  [
    { do: 'leave', student: 's0', from: 0, minutes: 120 },
    { do: 'open' },
    { do: 'mark', by: 'teacher', ...seen, student: 's0' },
  ],
  [
    { do: 'leave', student: 's0', from: 0, minutes: 30 },
    { do: 'reschedule', startsIn: 25, minutes: 60 },
  ],
  [{ do: 'leave', student: 's0', from: 0, minutes: 30 }, { do: 'cancel' }],
  [{ do: 'open' }, { do: 'mark', by: 'teacher', ...seen }, { do: 'close' }, { do: 'lock' }],
];

/** Most steps of a sequence, its beginning included. */
const STEPS_MAX = 15;

/** A class that begins soon or has begun, and what happens to it. */
export const SEQUENCE: fc.Arbitrary<Sequence> = fc
  .record({
    given: fc.record({
      autoOpen: fc.constantFrom(true, true, false),
      startsIn: fc.constantFrom(-20, 3, 30, 400),
      minutes: fc.constant(60),
    }),
    beginning: fc.constantFrom(...BEGINNINGS),
    steps: fc.array(STEPS, { minLength: 1, maxLength: STEPS_MAX, size: 'max' }),
  })
  .map(({ given, beginning, steps }) => ({
    given,
    commands: [...beginning, ...steps.flat()].slice(0, STEPS_MAX),
  }));

/** A sequence in a few lines, to read and to repeat. */
export function describeSequence({ given, commands }: Sequence): string {
  return [given, ...commands].map((step) => JSON.stringify(step)).join('\n');
}
