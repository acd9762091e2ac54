/** Where this browser is now, for who stands in the room and enters its place. */
import { useState } from 'react';
import type { Point } from '../api/presence-setup.ts';

const PATIENCE_MS = 15_000;

/** How the search stands; `accuracyM` counts once it is found. */
export interface OwnPosition {
  readonly state: 'idle' | 'looking' | 'found' | 'failed';
  readonly accuracyM: number;
  readonly find: () => void;
}

/** Asks the browser when told to; the point has the six decimals that are written by hand. */
export function useOwnPosition(onFound: (point: Point) => void): OwnPosition {
  const [now, setNow] = useState<Omit<OwnPosition, 'find'>>({ state: 'idle', accuracyM: 0 });
  const find = (): void => {
    setNow({ state: 'looking', accuracyM: 0 });
    if (!('geolocation' in navigator)) return setNow({ state: 'failed', accuracyM: 0 });
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        onFound({
          lat: Number(coords.latitude.toFixed(6)),
          lng: Number(coords.longitude.toFixed(6)),
        });
        setNow({ state: 'found', accuracyM: Math.ceil(coords.accuracy) });
      },
      () => setNow({ state: 'failed', accuracyM: 0 }),
      { enableHighAccuracy: true, maximumAge: 0, timeout: PATIENCE_MS },
    );
  };
  return { ...now, find };
}
