/** Keys that work anywhere on the page: slash and question mark. */
import { useEffect, useEffectEvent } from 'react';

interface PageKeys {
  readonly search: () => void;
  readonly help: () => void;
}

/** Listens while the page shows; typing into a field or a dialog is left alone. */
export function usePageKeys({ search, help }: PageKeys): void {
  const press = useEffectEvent((event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target)) return;
    const act = { '/': search, '?': help }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => press(event);
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}

const isTaken = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest('input, textarea, select, [contenteditable], [role="dialog"], [role="menu"]') !==
    null;
