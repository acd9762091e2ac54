/**
 * Histories as files. The SDK's own JSON helpers refuse to work while two copies of protobufjs are
 * installed, so the messages' plain objects are written instead.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';

const HistoryMessage = proto.temporal.api.history.v1.History;

/** A run's history as the SDK holds it. */
export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** Where recorded histories lie: `<workflow type>/<scenario>.json`. */
export const HISTORIES_FOLDER = fileURLToPath(new URL('histories', import.meta.url));

/** A history as JSON text; bytes are base64, long numbers are strings. */
export function historyToText(history: History): string {
  const message = HistoryMessage.decode(HistoryMessage.encode(history).finish());
  return JSON.stringify(
    HistoryMessage.toObject(message, { bytes: String, longs: String, enums: String }),
    null,
    1,
  );
}

/** Reads what `historyToText` wrote. */
export function historyFromText(text: string): History {
  return HistoryMessage.fromObject(JSON.parse(text) as Record<string, unknown>);
}

/** A recorded history. */
export interface RecordedHistory {
  readonly type: string;
  readonly name: string;
  readonly text: string;
}

/** Every recorded history. */
export function readHistories(): RecordedHistory[] {
  return readdirSync(HISTORIES_FOLDER).flatMap((type) =>
    readdirSync(join(HISTORIES_FOLDER, type)).map((file) => ({
      type,
      name: file.replace('.json', ''),
      text: readFileSync(join(HISTORIES_FOLDER, type, file), 'utf8'),
    })),
  );
}

/** Every text in a history: its plain strings, and what its payloads hold. */
export function textsOf(value: unknown, key = ''): string[] {
  if (typeof value === 'string') {
    return key === 'data' ? [Buffer.from(value, 'base64').toString('utf8')] : [value];
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, each]) => textsOf(each, name));
}

/** Every text in a history as it came from the server. */
export const historyTexts = (history: History): string[] =>
  textsOf(JSON.parse(historyToText(history)));
