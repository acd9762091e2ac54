/** One key per intent: a second try of the same form must not make a second thing. */
import { useRef } from 'react';
import { uuidV7 } from './uuid-v7.ts';

/** Gives the key of what is to be sent; it changes when the content does. */
export function useIdempotencyKey(): (content: unknown) => string {
  const last = useRef({ content: '', key: '' });
  return (content) => {
    const text = JSON.stringify(content);
    if (last.current.content !== text) last.current = { content: text, key: uuidV7() };
    return last.current.key;
  };
}
