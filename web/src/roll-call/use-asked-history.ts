/** Whose history is open: at first that of the student the address names, since reports lead here. */
import { useState } from 'react';
import { useSearchParams } from 'react-router';

/** The student, how to ask about one, and how to close; closing takes the name out of the address. */
export function useAskedHistory() {
  const [parameters, setParameters] = useSearchParams();
  const [asked, ask] = useState(parameters.get('student'));
  const close = (): void => {
    ask(null);
    if (parameters.has('student')) setParameters({}, { replace: true });
  };
  return { asked, ask, close };
}
