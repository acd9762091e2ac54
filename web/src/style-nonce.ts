/** The nonce that lets styles made at run time pass the content security policy (trust.md 4.8). */

/** The nonce of this page, written by the server. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.content ?? '';
}

/** Gives the nonce to the library that locks scrolling behind dialogs; it reads this global. */
export function shareNonce(): void {
  Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
}
