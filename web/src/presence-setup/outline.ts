/** The outline of a room as people paste it: one corner a line, latitude first. */
import type { Point } from '../api/presence-setup.ts';

/** An outline, or the number of the first line that is no point, from 1. */
export type ReadOutline =
  | { readonly points: readonly Point[] | null }
  | { readonly badLine: number };

/** Reads a point such as `17.385, 78.4867`, also with a tab, a semicolon or brackets around it. */
export function readPoint(text: string): Point | null {
  const parts = text
    .replace(/[()[\]{}]/g, ' ')
    .trim()
    .split(/[\s,;]+/)
    .filter((part) => part !== '');
  const [lat, lng] = parts.map(Number);
  const isPoint = parts.length === 2 && Number.isFinite(lat) && Number.isFinite(lng);
  return isPoint && lat !== undefined && lng !== undefined ? { lat, lng } : null;
}

/** Reads an outline; empty lines do not count, and an empty text is no outline (null). */
export function readOutline(text: string): ReadOutline {
  const points: Point[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const point = readPoint(line);
    if (!point) return { badLine: index + 1 };
    points.push(point);
  }
  return { points: points.length === 0 ? null : points };
}

/** The outline as its field shows it. */
export const showOutline = (points: readonly Point[] | null): string =>
  (points ?? []).map(({ lat, lng }) => `${lat}, ${lng}`).join('\n');

/** The line of a corner by its place in the list, from 0: empty lines were left out of it. */
export function lineOfCorner(text: string, corner: number): number {
  const lines = [...text.split('\n').entries()].filter(([, line]) => line.trim() !== '');
  return (lines[corner]?.[0] ?? corner) + 1;
}
