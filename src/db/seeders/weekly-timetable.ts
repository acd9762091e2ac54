/** Lays a week of classes without a clash of room, teacher or student group. */
import type { Random } from './random.ts';

/** A class that needs a place in the week. `periods` is how many it takes in a row. */
export interface WeeklyClass<K> {
  readonly key: K;
  readonly section: string;
  readonly group: string;
  readonly teacher: string;
  readonly room: string;
  readonly periods: number;
}

/** Where a class lies: ISO weekday, and the index of its first period. */
export interface PlacedClass<K> extends WeeklyClass<K> {
  readonly weekday: number;
  readonly period: number;
}

/** Periods of a weekday, by ISO number; a class of several periods must not span the noon break. */
export interface WeekShape {
  readonly periodsOf: (weekday: number) => number;
  /** Index of the first period after noon. */
  readonly afternoonFrom: number;
}

const ATTEMPTS = 200;

/**
 * Places every class, long ones first, in random order until one order works out. A section has at
 * most one class a day.
 * @throws Error when no order worked out: the week is too full
 */
export function layWeek<K>(
  classes: readonly WeeklyClass<K>[],
  shape: WeekShape,
  random: Random,
): PlacedClass<K>[] {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const placed = tryToLay(classes, shape, random);
    if (placed) return placed;
  }
  throw new Error('the week is too full for these classes');
}

function tryToLay<K>(
  classes: readonly WeeklyClass<K>[],
  shape: WeekShape,
  random: Random,
): PlacedClass<K>[] | undefined {
  const taken = new Set<string>();
  const placed: PlacedClass<K>[] = [];
  const longFirst = random.shuffled(classes).sort((a, b) => b.periods - a.periods);
  for (const item of longFirst) {
    const place = random
      .shuffled(placesFor(item, shape))
      .find((candidate) => marksOf(item, candidate).every((mark) => !taken.has(mark)));
    if (!place) return undefined;
    for (const mark of marksOf(item, place)) taken.add(mark);
    placed.push({ ...item, ...place });
  }
  return placed;
}

interface Place {
  readonly weekday: number;
  readonly period: number;
}

function placesFor<K>({ periods }: WeeklyClass<K>, shape: WeekShape): Place[] {
  return [1, 2, 3, 4, 5, 6].flatMap((weekday) =>
    Array.from({ length: shape.periodsOf(weekday) }, (_, period) => ({ weekday, period })).filter(
      ({ period }) => {
        const last = period + periods - 1;
        const spansNoon = period < shape.afternoonFrom && last >= shape.afternoonFrom;
        return last < shape.periodsOf(weekday) && !spansNoon;
      },
    ),
  );
}

/** What a class at a place occupies; two classes with a mark in common clash. */
function marksOf<K>(item: WeeklyClass<K>, { weekday, period }: Place): string[] {
  const marks = [`section ${item.section} ${weekday}`];
  for (let index = period; index < period + item.periods; index += 1) {
    for (const who of [`group ${item.group}`, `teacher ${item.teacher}`, `room ${item.room}`]) {
      marks.push(`${who} ${weekday} ${index}`);
    }
  }
  return marks;
}
