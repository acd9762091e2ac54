/** How strong each kind of claim is (marks.md section 2). */

/** Ranks by origin; a higher rank wins whatever the order of arrival. */
export const RANK = {
  correction: 100,
  override: 90,
  faculty: 80,
  leave: 70,
  biometric: 60,
  biometricNoLiveness: 55,
  qr: 50,
  card: 45,
  weak: 40,
  offlineQr: 30,
  selfEntry: 20,
  autoAbsent: 10,
} as const;

/** A person's explicit word: faculty, override or correction. */
export const isHumanRank = (rank: number): boolean => rank >= RANK.faculty;

/** A machine's word, rank 30 to 60: it proves presence, never absence. */
export const isMachineRank = (rank: number): boolean =>
  rank >= RANK.offlineQr && rank <= RANK.biometric;
