import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { loadEnvironment } from './env.ts';

const SECRET = 'x'.repeat(32);

describe('loadEnvironment', () => {
  it('needs nothing but what the caller requires', () => {
    expect(loadEnvironment([], {})).toMatchObject({ port: 3000, isProduction: false });
  });

  it('lists every problem in one message', () => {
    const source = { PORT: 'abc', LOG_LEVEL: 'loud' };

    expect(() => loadEnvironment(['database'], source)).toThrow(/PORT[^]*LOG_LEVEL/);
    expect(() => loadEnvironment(['database', 'utc'], {})).toThrow(/DATABASE_URL[^]*TZ/);
  });

  it.each([{}, { SECRET_KEY: 'changeme', ENCRYPTION_KEY: SECRET }, { SECRET_KEY: SECRET }])(
    'refuses production with missing or sample secrets: %j',
    (secrets) => {
      const source = { NODE_ENV: 'production', ...secrets };

      expect(() => loadEnvironment(['secrets'], source)).toThrow(/at least 32 characters/);
    },
  );

  it('requires the second factor in production and lets nobody lower it there', () => {
    const production = {
      NODE_ENV: 'production',
      SECRET_KEY: SECRET,
      ENCRYPTION_KEY: SECRET,
      TEMPORAL_CODEC_KEYS: 'k1:key',
    };
    const factorOf = (source: NodeJS.ProcessEnv) =>
      loadEnvironment(['secrets'], source).secondFactor;

    expect([factorOf({}), factorOf(production)]).toEqual(['optional', 'required']);
    expect(factorOf({ AUTH_SECOND_FACTOR: 'required' })).toBe('required');
    expect(() => factorOf({ ...production, AUTH_SECOND_FACTOR: 'optional' })).toThrow(
      /AUTH_SECOND_FACTOR/,
    );
  });

  it('counts loopback as a campus network outside production only', () => {
    expect(loadEnvironment([], {}).campusNetworks).toContain('127.0.0.0/8');
    expect(loadEnvironment([], { NODE_ENV: 'production' }).campusNetworks).toEqual([]);
  });

  it('takes the mail server from one address or from the five original names', () => {
    const single = { SMTP_URL: 'smtps://mail.college.example', MAIL_FROM: 'a@college.example' };
    const original = {
      EMAIL_HOST: 'smtp.college.example',
      EMAIL_HOST_USER: 'roll call@college.example',
      EMAIL_HOST_PASSWORD: 'p@ss:/word?',
    };

    expect(loadEnvironment([], single)).toMatchObject({ smtpUrl: 'smtps://mail.college.example' });
    const { smtpUrl, mailFrom } = loadEnvironment([], original);
    const url = new URL(smtpUrl ?? '');
    expect(decodeURIComponent(url.password)).toBe('p@ss:/word?');
    expect([url.host, url.search]).toEqual(['smtp.college.example:587', '?requireTLS=true']);
    expect(mailFrom).toBe('roll call@college.example');
    expect(loadEnvironment([], { ...original, EMAIL_USE_TLS: 'False' }).smtpUrl).toContain(
      'ignore',
    );
    expect(loadEnvironment([], {}).smtpUrl).toBeUndefined();
  });

  it('refuses a mail server without a sender', () => {
    expect(() => loadEnvironment([], { EMAIL_HOST: 'smtp.college.example' })).toThrow(/MAIL_FROM/);
  });

  it('has every variable it reads in the sample file', () => {
    const code = readFileSync(new URL('env.ts', import.meta.url), 'utf8');
    const sample = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
    const read = [...code.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map((found) => found[1] ?? '');

    expect(read.length).toBeGreaterThan(10);
    const documented = Object.keys(parseEnv(sample));
    // TEST_CLOCK belongs to tests alone.
    expect(read.filter((name) => !documented.includes(name))).toEqual(['TEST_CLOCK']);
  });

  it('accepts the sample file as it is', () => {
    const sample = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');

    expect(loadEnvironment(['utc'], { ...parseEnv(sample) })).toMatchObject({ port: 3000 });
  });
});
