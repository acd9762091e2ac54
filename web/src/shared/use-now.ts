/** The current time for screens that count down. */
import { useEffect, useState } from 'react';

/** Milliseconds since 1970, renewed every `everyMs` while the component shows. */
export function useNow(everyMs = 20_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
