/** Where a phone was: inside, outside or unknown, never more than the fix can say (presence.md section 6). */

/** Metres of the mean Earth radius. */
const EARTH_RADIUS_M = 6_371_008.8;
/** Fixes less exact than this say nothing, metres as reported. */
const ACCURACY_MAX_M = 100;
/** Older fixes say nothing. */
const FIX_AGE_MAX_MS = 60_000;
/** From a 68 percent radius to a 95 percent one: sqrt(ln 0.05 / ln 0.32), rounded as published. */
const FROM_68_TO_95 = 1.62;

/** Where positions come from; they state their accuracy at different levels. */
export const POSITION_PLATFORMS = ['web', 'android', 'ios'] as const;
export type PositionPlatform = (typeof POSITION_PLATFORMS)[number];

/** A point, degrees of WGS 84. */
export interface Point {
  readonly lat: number;
  readonly lng: number;
}

/** A position as a phone states it. */
export interface Fix extends Point {
  /** Radius as the platform reports it, metres. */
  readonly accuracyM: number;
  readonly ageMs: number;
  readonly platform: PositionPlatform;
}

/** The place of a room: a circle, or a polygon whose edge counts instead. */
export interface Fence {
  readonly centre: Point;
  readonly radiusM: number;
  /** Corners in order, at least three; null for a circle. */
  readonly polygon: readonly Point[] | null;
}

export type GeofenceVerdict = 'inside' | 'outside' | 'unknown' | 'off';

/** Why a position says nothing. */
export type GeofenceReason =
  | 'missing'
  | 'no_fence'
  | 'no_accuracy'
  | 'inaccurate'
  | 'stale'
  | 'repeated'
  | 'uncertain';

/** The verdict; `distanceM` is the distance to the centre, null where nothing was measured. */
export interface GeofenceResult {
  readonly verdict: GeofenceVerdict;
  readonly reason: GeofenceReason | null;
  readonly distanceM: number | null;
}

/** Distance of two points over the mean sphere (haversine), metres. */
export function distanceM(a: Point, b: Point): number {
  const [latA, latB] = [radians(a.lat), radians(b.lat)];
  const h =
    Math.sin((latB - latA) / 2) ** 2 +
    Math.cos(latA) * Math.cos(latB) * Math.sin(radians(b.lng - a.lng) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The 95 percent radius of a reported accuracy, metres. */
export function radius95(accuracyM: number, platform: PositionPlatform): number {
  return platform === 'web' ? accuracyM : FROM_68_TO_95 * accuracyM;
}

/**
 * Judges a position against the place of a room.
 * @param isRepeated  the same six decimals came from this key long before, or from a fellow student
 */
export function judgePosition(
  fence: Fence | null,
  fix: Fix | null,
  isRepeated = false,
): GeofenceResult {
  if (!fence) return unknown('no_fence', null);
  if (!fix) return unknown('missing', null);
  const distance = distanceM(fence.centre, fix);
  if (!(fix.accuracyM > 0)) return unknown('no_accuracy', null);
  if (fix.accuracyM > ACCURACY_MAX_M) return unknown('inaccurate', distance);
  if (fix.ageMs > FIX_AGE_MAX_MS) return unknown('stale', distance);
  if (isRepeated) return unknown('repeated', distance);
  const signed = fence.polygon ? distanceToEdge(fence.polygon, fix) : distance - fence.radiusM;
  const r95 = radius95(fix.accuracyM, fix.platform);
  if (signed + r95 <= 0) return { verdict: 'inside', reason: null, distanceM: distance };
  if (signed - r95 > 0) return { verdict: 'outside', reason: null, distanceM: distance };
  return unknown('uncertain', distance);
}

function unknown(reason: GeofenceReason, distance: number | null): GeofenceResult {
  return { verdict: 'unknown', reason, distanceM: distance };
}

/** Signed distance to the edge of a polygon, metres, negative inside; flat over a campus. */
function distanceToEdge(polygon: readonly Point[], point: Point): number {
  const corners = polygon.map((corner) => flat(corner, point));
  let nearest = Number.POSITIVE_INFINITY;
  let isInside = false;
  corners.forEach((a, index) => {
    const b = corners[(index + 1) % corners.length] ?? a;
    nearest = Math.min(nearest, distanceToSegment(a, b));
    const crosses = a.y > 0 !== b.y > 0 && 0 < ((b.x - a.x) * -a.y) / (b.y - a.y) + a.x;
    if (crosses) isInside = !isInside;
  });
  return isInside ? -nearest : nearest;
}

interface Flat {
  readonly x: number;
  readonly y: number;
}

/** Metres east and north of `origin`. */
function flat(point: Point, origin: Point): Flat {
  return {
    x: radians(point.lng - origin.lng) * Math.cos(radians(origin.lat)) * EARTH_RADIUS_M,
    y: radians(point.lat - origin.lat) * EARTH_RADIUS_M,
  };
}

/** Distance of the origin to a segment. */
function distanceToSegment(a: Flat, b: Flat): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, -(a.x * dx + a.y * dy) / length));
  return Math.hypot(a.x + along * dx, a.y + along * dy);
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** A position with the six decimals that a repeated one is recognised by. */
export function positionKey({ lat, lng }: Point): string {
  return `${lat.toFixed(6)},${lng.toFixed(6)}`;
}

/** A distance as it is kept and shown: whole tens of metres. */
export function roundedDistance(metres: number | null): number | null {
  return metres === null ? null : Math.round(metres / 10) * 10;
}
