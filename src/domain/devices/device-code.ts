/** The code that a first device needs: when, for how long and for how many tries (trust.md section 2). */

/** A code is good for so long. */
export const CODE_MINUTES = 10;
/** Wrong tries that end a code. */
export const CODE_TRIES_MAX = 5;

/** How many codes a person may ask for, and in which time. */
interface CodeAllowance {
  readonly codes: number;
  readonly seconds: number;
}

/**
 * Three in a quarter of an hour for a mail that is slow, ten a day: with five tries each, a day of
 * guessing finds one of a million codes with a probability of 0.00005.
 */
export const CODE_ALLOWANCES: readonly CodeAllowance[] = [
  { codes: 3, seconds: 15 * 60 },
  { codes: 10, seconds: 24 * 60 * 60 },
];

/**
 * How long a person waits before the next code.
 * @param agesSeconds  how long ago each of the codes of the last day was asked for
 * @returns whole seconds, 0 when a code may be sent now
 */
export function waitForCodeSeconds(agesSeconds: readonly number[]): number {
  const newestFirst = [...agesSeconds].sort((left, right) => left - right);
  const waits = CODE_ALLOWANCES.map(({ codes, seconds }) => {
    // The oldest of those that fill the allowance has to leave the window first.
    const age = newestFirst[codes - 1];
    return age === undefined ? 0 : Math.ceil(seconds - age);
  });
  return Math.max(0, ...waits);
}

/** What is known when a person registers a device. */
export interface CodeCheck {
  /** A first device needs a code here. */
  readonly isRequired: boolean;
  /** The person registered any device before; a later one needs a fresh sign-in instead. */
  readonly hadDevice: boolean;
  /** The code that was sent with the request was checked against the stored one; null: none sent. */
  readonly given: GivenCode | null;
}

/** A sent code beside the latest stored one of the same sign-in. */
export interface GivenCode {
  /** There is such a code, not used, and its time is not over. */
  readonly isLive: boolean;
  /** Wrong tries of it so far. */
  readonly wrongTries: number;
  readonly isRight: boolean;
}

/** `not_needed` and `right` let the device in; the others refuse it. */
export type CodeVerdict = 'not_needed' | 'right' | 'required' | 'expired' | 'spent' | 'wrong';

/**
 * Judges the code of a registration. A code that was sent is checked also where none is needed. One
 * whose tries are used up is refused whether it is right or not.
 */
export function judgeDeviceCode({ isRequired, hadDevice, given }: CodeCheck): CodeVerdict {
  if (given === null) return isRequired && !hadDevice ? 'required' : 'not_needed';
  if (!given.isLive) return 'expired';
  if (given.wrongTries >= CODE_TRIES_MAX) return 'spent';
  return given.isRight ? 'right' : 'wrong';
}
