/** This browser's key: made once, never readable, kept in the browser's database (presence.md section 3). */

const DATABASE = 'campshub360.device';
const STORE = 'keys';
const KEY_OF_THIS_BROWSER = 'own';
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** The public half, as the API registers it. */
export interface PublicKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/** What a proof is about. */
export interface Proven {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  /** The body exactly as it is sent. */
  readonly body: string | undefined;
  readonly nonce: string | null;
}

/** The key of this browser and what is done with it. */
export interface DeviceKey {
  readonly publicKey: PublicKey;
  /** RFC 7638 thumbprint. */
  readonly jkt: string;
  /** Signs a proof of possession (RFC 9449). */
  prove(proven: Proven): Promise<string>;
}

let opened: Promise<DeviceKey> | null = null;

/** The key of this browser, made at first use. */
export function openDeviceKey(): Promise<DeviceKey> {
  opened ??= openOnce().catch((error: unknown) => {
    opened = null;
    throw error;
  });
  return opened;
}

/**
 * Asks the browser to keep its database when it makes room, since the key cannot be made again. It
 * may say no, or ask the reader first; the key is used either way.
 */
export function askToKeepKey(): void {
  // Old browsers lack it, and pages without TLS do not get it, whatever the types say.
  const storage = navigator.storage as Partial<StorageManager> | undefined;
  storage?.persist?.().catch(() => undefined);
}

async function openOnce(): Promise<DeviceKey> {
  const pair = await storedPair();
  const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  const publicKey: PublicKey = { kty: 'EC', crv: 'P-256', x, y };
  const canonical = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y });
  return {
    publicKey,
    jkt: await sha256(canonical),
    async prove({ method, path, token, body, nonce }) {
      const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey };
      const claims = {
        htm: method,
        htu: new URL(path, location.origin).href.replace(/[?#].*$/, ''),
        jti: crypto.randomUUID(),
        iat: Math.floor(Date.now() / 1_000),
        ath: await sha256(token),
        ...(nonce === null ? {} : { nonce }),
        ...(body === undefined ? {} : { bh: await sha256(body) }),
      };
      const text = `${base64url(utf8(JSON.stringify(header)))}.${base64url(utf8(JSON.stringify(claims)))}`;
      const signature = await crypto.subtle.sign(
        { name: 'ECDSA', hash: 'SHA-256' },
        pair.privateKey,
        utf8(text),
      );
      return `${text}.${base64url(new Uint8Array(signature))}`;
    },
  };
}

/** The pair in the browser's database; two pages at once keep the one that was first. */
async function storedPair(): Promise<CryptoKeyPair> {
  const database = await openDatabase();
  try {
    const known = await answered<CryptoKeyPair | undefined>(
      database.transaction(STORE).objectStore(STORE).get(KEY_OF_THIS_BROWSER),
    );
    if (known) return known;
    const made = await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify']);
    const store = database.transaction(STORE, 'readwrite').objectStore(STORE);
    const meanwhile = await answered<CryptoKeyPair | undefined>(store.get(KEY_OF_THIS_BROWSER));
    if (meanwhile) return meanwhile;
    await answered(store.add(made, KEY_OF_THIS_BROWSER));
    return made;
  } finally {
    database.close();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STORE));
  return answered(request);
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () =>
      reject(request.error ?? new Error("the browser's database failed")),
    );
  });
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

async function sha256(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
