/** Sends requests on a fixed schedule: a stall hurts every request it delays (quality.md section 1). */
import { Pool } from 'undici';

/** One request of a plan. */
export interface Planned {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What became of the requests of a run; latencies in milliseconds from the intended moment. */
export interface LoadResult {
  readonly latenciesMs: readonly number[];
  /** The status of each reply, in the order of the requests; `0` is a broken connection. */
  readonly statusOf: readonly number[];
  /** How many replies had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** From the first intended moment to the last reply. */
  readonly tookMs: number;
}

/** Connections to one server. */
export interface Sender {
  /** Sends request `i` at `startAtMs + i / ratePerSecond`, whatever became of those before. */
  onSchedule(
    requests: readonly Planned[],
    schedule: { readonly startAtMs: number; readonly ratePerSecond: number },
  ): Promise<LoadResult>;
  /** Keeps so many requests under way until all are answered. */
  closedLoop(
    requests: readonly Planned[],
    width: number,
    onReply?: (index: number, body: string) => void,
  ): Promise<LoadResult>;
  close(): Promise<void>;
}

/** Opens the connections; phones of a campus come through many. */
export function openSender(baseUrl: string, connections: number): Sender {
  const pool = new Pool(baseUrl, { connections, pipelining: 1 });
  const send = async ({
    path,
    headers,
    body,
  }: Planned): Promise<{ status: number; text: string }> => {
    try {
      const reply = await pool.request({ method: 'POST', path, headers, body });
      return { status: reply.statusCode, text: await reply.body.text() };
    } catch {
      return { status: 0, text: '' };
    }
  };
  const begin = (count: number) => {
    const latenciesMs = Array.from({ length: count }, () => 0);
    const statusOf = Array.from({ length: count }, () => 0);
    const statuses: Record<string, number> = {};
    return {
      answered: (index: number, latencyMs: number, status: number): void => {
        latenciesMs[index] = latencyMs;
        statusOf[index] = status;
        statuses[status] = (statuses[status] ?? 0) + 1;
      },
      result: (tookMs: number): LoadResult => ({ latenciesMs, statusOf, statuses, tookMs }),
    };
  };
  return {
    async onSchedule(requests, { startAtMs, ratePerSecond }) {
      const { answered, result } = begin(requests.length);
      const underWay: Promise<void>[] = [];
      const firstMs = performance.now() + (startAtMs - Date.now());
      const dueMs = (index: number): number => firstMs + (index * 1_000) / ratePerSecond;
      while (underWay.length < requests.length) {
        for (
          let index = underWay.length;
          index < requests.length && dueMs(index) <= performance.now();
          index += 1
        ) {
          const request = requests[index];
          if (!request) break;
          underWay.push(
            send(request).then(({ status }) =>
              answered(index, performance.now() - dueMs(index), status),
            ),
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await Promise.all(underWay);
      return result(performance.now() - firstMs);
    },
    async closedLoop(requests, width, onReply) {
      const { answered, result } = begin(requests.length);
      const startedMs = performance.now();
      let next = 0;
      const work = async (): Promise<void> => {
        for (let index = next++; index < requests.length; index = next++) {
          const request = requests[index];
          if (!request) return;
          const sentMs = performance.now();
          const { status, text } = await send(request);
          answered(index, performance.now() - sentMs, status);
          onReply?.(index, text);
        }
      };
      await Promise.all(Array.from({ length: width }, work));
      return result(performance.now() - startedMs);
    },
    close: () => pool.close(),
  };
}

/** A percentile of unsorted numbers, 0 to 100; rounded to a tenth. */
export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1);
  return Math.round((sorted[Math.max(0, index)] ?? NaN) * 10) / 10;
}
