/** Who is enrolled in the class of the model on which days (marks.md section 8). */
import { ENROLLED, STUDENTS, type Student } from './commands.ts';

/** Days without the last one; `to` is null without an end. */
export interface Days {
  readonly from: number;
  readonly to: number | null;
}

/** The dated enrolments of every student, oldest first. */
export class Enrolments {
  readonly #days = new Map<Student, readonly Days[]>(
    ENROLLED.map((student) => [student, [{ from: -60, to: null }]]),
  );

  membersOn(day: number): Student[] {
    const covers = ({ from, to }: Days) => from <= day && (to === null || to > day);
    return STUDENTS.filter((student) => this.#of(student).some(covers));
  }

  /** Enrols from a day on; gives the days that changed, or why not. */
  enrol(student: Student, from: number): Days | string {
    const own = this.#of(student);
    const overlaps = ({ from: first, to }: Days) => to === null || (first < to && from < to);
    if (own.some(overlaps)) return 'enrolment_overlaps';
    this.#days.set(student, [...own, { from, to: null }]);
    return { from, to: null };
  }

  /** Ends the last enrolment before a day; gives the days that changed, or why not. */
  drop(student: Student, day: number): Days | string {
    const own = this.#of(student);
    const last = own.at(-1);
    if (!last) return 'nothing to end';
    if (day < last.from || (last.to !== null && day > last.to)) return 'validation_failed';
    this.#days.set(student, [...own.slice(0, -1), { from: last.from, to: day }]);
    return { from: day, to: last.to };
  }

  #of = (student: Student): readonly Days[] => this.#days.get(student) ?? [];
}
