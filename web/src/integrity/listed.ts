/** Lists of the report that the server cuts: what their length says. */

/** The API's longest list of the report. */
export const LISTED_MAX = 200;

/** Whether there may be more than is listed. */
export const isCut = (rows: readonly unknown[]): boolean => rows.length >= LISTED_MAX;
