/** One page at a time sends a scan; a page that dies lets go of it by itself. */

const nameOf = (id: string): string => `campshub360.scan.${id}`;

/** Does `work` while no other page sends this scan. */
export function whileSending<T>(id: string, work: () => Promise<T>): Promise<T> {
  // Locks exist only on secure origins, where alone a device has a key.
  if (!('locks' in navigator)) return work();
  return navigator.locks.request(nameOf(id), work);
}

/** The same, but nothing at all where another page sends it already. */
export async function ifNobodySends(id: string, work: () => Promise<void>): Promise<void> {
  if (!('locks' in navigator)) return work();
  await navigator.locks.request(nameOf(id), { ifAvailable: true }, (lock) =>
    lock === null ? Promise.resolve() : work(),
  );
}
