/** Names of people as screens show them. */
import type { PersonName } from '../api/types.ts';

/** First and last name. */
export const fullName = ({
  first_name: first,
  last_name: last,
}: Pick<PersonName, 'first_name' | 'last_name'>): string => `${first} ${last}`.trim();

/** Up to two letters for a face-less avatar. */
export const initials = ({
  first_name: first,
  last_name: last,
}: Pick<PersonName, 'first_name' | 'last_name'>): string =>
  `${first.charAt(0)}${last.charAt(0)}`.toUpperCase();
