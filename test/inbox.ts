/** A mail server of tests: takes mail over SMTP and keeps it. */
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail server that speaks SMTP on a free port and keeps what it takes. */
export class Inbox {
  /** Whole messages, in the order of arrival. */
  readonly messages: string[] = [];
  /** How many of the next recipients are refused for now. */
  refusals = 0;
  readonly #server: SMTPServer;

  constructor(options: SMTPServerOptions = {}) {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo: (_address, _session, answer) => {
        if (this.refusals <= 0) return answer();
        this.refusals -= 1;
        return answer(Object.assign(new Error('try later'), { responseCode: 451 }));
      },
      onData: (stream, _session, answer) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          this.messages.push(Buffer.concat(chunks).toString('utf8'));
          answer();
        });
      },
      ...options,
    });
  }

  /** Starts it. Gives its port. */
  listen(): Promise<number> {
    return new Promise((resolve) => {
      const server = this.#server.listen(0, '127.0.0.1', () =>
        resolve((server.address() as AddressInfo).port),
      );
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
