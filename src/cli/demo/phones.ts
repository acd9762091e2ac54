/** Phones of demo students who scanned in the past, and when one of them was replaced. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import type { Em } from '../../db/orm.ts';
import type { Id } from '../../domain/types.ts';
import { canonicalJson } from '../../security/canonical-json.ts';
import { bulkInsert } from './bulk-insert.ts';
import { DAY_MS, HOUR_MS, idAt, iso, type SeedContext } from './context.ts';
import type { StudentModel } from './university.ts';

/** A key in a student's hands. */
interface PhoneModel {
  readonly keyId: Id;
  readonly bindingId: Id;
  readonly student: StudentModel;
  readonly sinceMs: number;
  /** The binding it took the place of. */
  readonly replaces: PhoneModel | null;
  untilMs: number | null;
}

/** A later phone counts for less during its first day (presence.md section 3). */
const PENDING_MS = DAY_MS;
/** How long before the classes of the past the first phones were registered. */
const REGISTERED_BEFORE_MS = 8 * 7 * DAY_MS;

/**
 * The phones. Only public halves of their keys are kept: nobody can scan as one of these students.
 * The accounts that people sign in with have none, so that their own first phone is a first one.
 */
export class DemoPhones {
  readonly #context: SeedContext;
  readonly #ofStudent = new Map<Id, PhoneModel[]>();

  constructor(context: SeedContext) {
    this.#context = context;
  }

  /** Whether a student has a phone; the named accounts of the demo have none. */
  static isOwner({ user }: StudentModel): boolean {
    return !user.email.startsWith('student');
  }

  /** The key a student scans with, and whether it is one that is still waiting. */
  keyOf(student: StudentModel, atMs: number): { readonly keyId: Id; readonly isPending: boolean } {
    const phone = this.#phonesOf(student).at(-1);
    if (!phone) throw new Error(`${student.rollNumber} has no phone`);
    const isPending = phone.replaces !== null && atMs < phone.sinceMs + PENDING_MS;
    return { keyId: phone.keyId, isPending };
  }

  /** The student has another phone from now on. */
  replace(student: StudentModel, atMs: number): void {
    const own = this.#phonesOf(student);
    const before = own.at(-1);
    if (!before) throw new Error(`${student.rollNumber} has no phone`);
    before.untilMs = atMs;
    own.push(this.#make(student, atMs, before));
  }

  /** Writes keys and bindings, the earlier ones first. */
  async write(em: Em): Promise<void> {
    const phones = [...this.#ofStudent.values()]
      .flat()
      .sort((a, b) => a.sinceMs - b.sinceMs || (a.keyId < b.keyId ? -1 : 1));
    await bulkInsert(
      em,
      'device_key',
      [
        ['id', 'uuid', (phone) => phone.keyId],
        ['created_at', 'timestamptz', (phone) => iso(phone.sinceMs)],
        ['jkt', 'text', (phone) => phone.jkt],
        ['public_key', 'jsonb', (phone) => phone.publicKey],
      ],
      phones.map((phone) => ({ ...phone, ...makeKey() })),
    );
    await bulkInsert(
      em,
      'device_binding',
      [
        ['id', 'uuid', (phone) => phone.bindingId],
        ['created_at', 'timestamptz', (phone) => iso(phone.sinceMs)],
        ['device_key_id', 'uuid', (phone) => phone.keyId],
        ['user_id', 'uuid', (phone) => phone.student.user.id],
        ['status', 'text', (phone) => this.#statusOf(phone)],
        ['slot', 'int', () => 1],
        ['valid_from', 'timestamptz', (phone) => iso(phone.sinceMs)],
        ['valid_to', 'timestamptz', ({ untilMs }) => (untilMs === null ? null : iso(untilMs))],
        ['replaces_id', 'uuid', (phone) => phone.replaces?.bindingId ?? null],
        [
          'pending_until',
          'timestamptz',
          ({ replaces, sinceMs }) => (replaces === null ? null : iso(sinceMs + PENDING_MS)),
        ],
      ],
      phones,
    );
  }

  #phonesOf(student: StudentModel): PhoneModel[] {
    const known = this.#ofStudent.get(student.id);
    if (known) return known;
    const sinceMs = this.#context.nowMs - REGISTERED_BEFORE_MS;
    const made = [
      this.#make(student, sinceMs + this.#context.random.between(0, 6 * HOUR_MS), null),
    ];
    this.#ofStudent.set(student.id, made);
    return made;
  }

  #make(student: StudentModel, sinceMs: number, replaces: PhoneModel | null): PhoneModel {
    const { random } = this.#context;
    return {
      keyId: idAt(random, sinceMs),
      bindingId: idAt(random, sinceMs + 1),
      student,
      sinceMs,
      replaces,
      untilMs: null,
    };
  }

  #statusOf({ untilMs, replaces, sinceMs }: PhoneModel): 'active' | 'pending' | 'revoked' {
    if (untilMs !== null) return 'revoked';
    const isPending = replaces !== null && this.#context.nowMs < sinceMs + PENDING_MS;
    return isPending ? 'pending' : 'active';
  }
}

/** A P-256 key whose private half is thrown away, with its thumbprint (RFC 7638). */
function makeKey(): { readonly publicKey: Record<string, string>; readonly jkt: string } {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv = '', kty = '', x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const key = { crv, kty, x, y };
  return {
    publicKey: key,
    jkt: createHash('sha256').update(canonicalJson(key)).digest('base64url'),
  };
}
