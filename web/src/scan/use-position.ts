/** Where this phone is, asked only while a class that weighs it is being scanned. */
import { useEffect, useRef } from 'react';
import type { Position } from '../api/presence.ts';

/** A fix older than this is asked anew. */
const AGE_MAX_MS = 30_000;
const PATIENCE_MS = 8_000;

/**
 * Follows the position while `isAsked`.
 * @returns gives the latest position; undefined where the phone gives none, which refuses nobody
 */
export function usePosition(isAsked: boolean): () => Position | undefined {
  const latest = useRef<GeolocationPosition | null>(null);
  useEffect(() => {
    if (!isAsked || !('geolocation' in navigator)) return undefined;
    const watch = navigator.geolocation.watchPosition(
      (position) => {
        latest.current = position;
      },
      // Not allowed or not known: the server grades the scan without a position.
      () => undefined,
      { enableHighAccuracy: true, maximumAge: AGE_MAX_MS, timeout: PATIENCE_MS },
    );
    return () => navigator.geolocation.clearWatch(watch);
  }, [isAsked]);
  return () => {
    const position = latest.current;
    if (position === null) return undefined;
    return {
      lat: position.coords.latitude,
      lng: position.coords.longitude,
      accuracy_m: position.coords.accuracy,
      fix_age_ms: Math.max(0, Date.now() - position.timestamp),
      platform: 'web',
    };
  };
}
