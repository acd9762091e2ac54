/** Names of sources the texts know. */
const KNOWN = [
  'manual',
  'qr',
  'biometric',
  'card',
  'self',
  'leave',
  'correction',
  'system',
] as const;

/** The text key of a source. */
export const sourceKey = (source: string | null): (typeof KNOWN)[number] | 'unknown' =>
  KNOWN.find((known) => known === source) ?? 'unknown';
