/** Lists of the report that the server cuts: what their length says. */

/** The API's longest list of the report. */
export const LISTED_MAX = 200;

/** Whether there may be more than is listed. */
export const isCut = (rows: readonly unknown[]): boolean => rows.length >= LISTED_MAX;

/** How many there are, as far as the list says. */
export const countOf = (rows: readonly unknown[]): string =>
  isCut(rows) ? `${LISTED_MAX}+` : String(rows.length);
