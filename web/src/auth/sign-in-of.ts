/** The sign-in of this browser as long as it is that of one person. */
import type { SignIn } from './sign-in.ts';
import type { User } from '../api/types.ts';

/** What a client of the API needs of a sign-in. */
export type Tokens = Pick<SignIn, 'token' | 'renew'>;

/** Somebody else is signed in, or nobody: nothing was sent. */
export class NotSignedIn extends Error {
  constructor() {
    super('Another person is signed in, or nobody');
    this.name = 'NotSignedIn';
  }
}

/** Whether the person meant is signed in at this moment. */
export function isSignedIn(
  { state }: Pick<SignIn, 'state'>,
  isMeant: (user: User) => boolean,
): boolean {
  const now = state();
  return now.status === 'signed_in' && isMeant(now.user);
}

/**
 * Gives the tokens of the person meant and of nobody else. All pages of a browser share one cookie:
 * a page that renews its token after somebody signed in elsewhere gets the token of that person.
 * Its methods throw `NotSignedIn` then.
 */
export function signInOf(
  signIn: Pick<SignIn, 'state' | 'token' | 'renew'>,
  isMeant: (user: User) => boolean,
): Tokens {
  const only = async (asked: Promise<string | null>): Promise<string | null> => {
    const token = await asked;
    if (!isSignedIn(signIn, isMeant)) throw new NotSignedIn();
    return token;
  };
  return {
    token: () => only(signIn.token()),
    renew: (refused) => only(signIn.renew(refused)),
  };
}
