/** The API for what one student does: nothing goes out under the sign-in of another. */
import { useMemo } from 'react';
import { createApiClient, type ApiClient } from '../api/client.ts';
import { useApp } from '../app-context.ts';
import { isSignedIn, signInOf } from '../auth/sign-in-of.ts';

/** The client, and whether the student is signed in at this moment. */
export interface OwnApi {
  readonly api: ApiClient;
  readonly isHere: () => boolean;
}

/** The same for as long as the student is. */
export function useOwnApi(student: string): OwnApi {
  const { signIn } = useApp();
  return useMemo(() => {
    const isMeant = (user: { readonly student_id: string | null }) => user.student_id === student;
    return {
      api: createApiClient(signInOf(signIn, isMeant)),
      isHere: () => isSignedIn(signIn, isMeant),
    };
  }, [signIn, student]);
}
