/** Where this phone is, asked only while a class that weighs it is being scanned. */
import { useEffect, useRef } from 'react';
import type { Position } from '../api/presence.ts';

/** A fix older than this is asked anew. */
const AGE_MAX_MS = 30_000;
const PATIENCE_MS = 8_000;
/** A scan waits this long for a fix: a code lives for twenty seconds, and none refuses nobody. */
const WAIT_MAX_MS = 3_000;

/** The position of this phone. */
export interface OwnPosition {
  /** Whether one is at hand that is fresh enough. */
  isKnown(): boolean;
  /** The latest, after a short wait where none is fresh; undefined where the phone gives none. */
  find(): Promise<Position | undefined>;
}

/** Follows the position while `isAsked`. */
export function usePosition(isAsked: boolean): OwnPosition {
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
  const isKnown = (): boolean => latest.current !== null && ageOf(latest.current) <= AGE_MAX_MS;
  return {
    isKnown,
    async find() {
      if (!isKnown()) latest.current = (await askPosition()) ?? latest.current;
      return latest.current === null ? undefined : stated(latest.current);
    },
  };
}

/** A fix of now, or null after a short while: the time a person takes to allow it counts, too. */
function askPosition(): Promise<GeolocationPosition | null> {
  if (!('geolocation' in navigator)) return Promise.resolve(null);
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), WAIT_MAX_MS);
    navigator.geolocation.getCurrentPosition(resolve, () => resolve(null), {
      enableHighAccuracy: true,
      maximumAge: AGE_MAX_MS,
      timeout: WAIT_MAX_MS,
    });
  });
}

const ageOf = ({ timestamp }: GeolocationPosition): number => Math.max(0, Date.now() - timestamp);

const stated = (position: GeolocationPosition): Position => ({
  lat: position.coords.latitude,
  lng: position.coords.longitude,
  accuracy_m: position.coords.accuracy,
  fix_age_ms: ageOf(position),
  platform: 'web',
});
