/** Hands mail to the institution's server, or to a folder where there is none in development. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Environment } from '../config/env.ts';
import type { Id } from '../domain/types.ts';

/** One plain text mail. `id` becomes its Message-ID, so that a second sending is recognised. */
export interface Mail {
  readonly id: Id;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Where mail goes. */
export interface Mailer {
  /** What boot logs say of it: never the account. */
  readonly destination: string;
  /** Resolves when the server took the mail; rejects with the transport's error otherwise. */
  send(mail: Mail): Promise<void>;
  /** Ends open connections. */
  close(): void;
}

/** The settings that decide where mail goes. */
export type MailSettings = Pick<
  Environment,
  'isProduction' | 'smtpUrl' | 'mailFrom' | 'mailFolder'
>;

/**
 * Limits of a conversation, unless the address names others: a server that hangs must end before
 * the lease of the message it was given.
 */
const SMTP_DEFAULTS = {
  pool: 'true',
  maxConnections: '4',
  connectionTimeout: '10000',
  greetingTimeout: '10000',
  socketTimeout: '30000',
  dnsTimeout: '10000',
};

const LOCAL_SENDER = 'attendance@localhost';

/** Makes the mailer of a process; undefined in production without a mail server. */
export function createMailer(settings: MailSettings): Mailer | undefined {
  const { smtpUrl, mailFrom, mailFolder, isProduction } = settings;
  if (smtpUrl !== undefined && mailFrom !== undefined) return serverMailer(smtpUrl, mailFrom);
  return isProduction ? undefined : folderMailer(mailFolder, mailFrom ?? LOCAL_SENDER);
}

function serverMailer(smtpUrl: string, from: string): Mailer {
  const url = new URL(smtpUrl);
  for (const [name, value] of Object.entries(SMTP_DEFAULTS)) {
    if (!url.searchParams.has(name)) url.searchParams.set(name, value);
  }
  const transport = createTransport(url.href);
  return {
    destination: url.host,
    async send(mail) {
      await transport.sendMail(messageOf(mail, from));
    },
    close: () => transport.close(),
  };
}

function folderMailer(folder: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  return {
    destination: folder,
    async send(mail) {
      const { message } = await transport.sendMail(messageOf(mail, from));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(join(folder, `${mail.id}.eml`), message, { mode: 0o600 });
    },
    close: () => transport.close(),
  };
}

function messageOf({ id, to, subject, text }: Mail, from: string) {
  return {
    from,
    to,
    subject,
    text,
    messageId: `<${id}@${domainOf(from)}>`,
    // RFC 3834: answering machines leave it alone.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

const domainOf = (address: string): string => /@([\w.-]+)>?\s*$/.exec(address)?.[1] ?? 'localhost';
