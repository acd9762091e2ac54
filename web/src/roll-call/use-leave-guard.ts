/** Keeps a person on the page while marks are unsent. */
import { useEffect } from 'react';
import { useBlocker } from 'react-router';

/** Asks before the page is left; a page of this product opens by itself once all is sent. */
export function useLeaveGuard(hasUnsent: boolean) {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      hasUnsent && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (blocker.state === 'blocked' && !hasUnsent) blocker.proceed();
  }, [blocker, hasUnsent]);
  useEffect(() => {
    if (!hasUnsent) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [hasUnsent]);
  return blocker;
}
