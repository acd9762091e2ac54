/** How every process of ours connects to Temporal: address, TLS, API key, payload codec. */
import { fileURLToPath } from 'node:url';
import type { ConnectionOptions } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { Environment } from '../config/env.ts';
import { createPayloadCodec, readCodecKeys } from './payload-codec.ts';

/** The settings that say where Temporal is and how to speak to it. */
export type TemporalSettings = Pick<
  Environment,
  | 'temporalAddress'
  | 'temporalNamespace'
  | 'temporalApiKey'
  | 'temporalTls'
  | 'temporalCodecKeys'
  | 'taskQueuePrefix'
>;

/** Options that client and worker connections share. */
export function connectionOptions(
  settings: TemporalSettings,
): Pick<ConnectionOptions, 'address' | 'tls'> & { apiKey?: string } {
  return {
    address: settings.temporalAddress,
    tls: settings.temporalTls,
    ...(settings.temporalApiKey === undefined ? {} : { apiKey: settings.temporalApiKey }),
  };
}

const FAILURE_CONVERTER = fileURLToPath(new URL('failure-converter.cjs', import.meta.url));

/** The data converter: encrypting when codec keys are set, the SDK's own otherwise. */
export function dataConverter(
  settings: Pick<TemporalSettings, 'temporalCodecKeys'>,
): DataConverter {
  if (settings.temporalCodecKeys === undefined) return {};
  return {
    payloadCodecs: [createPayloadCodec(readCodecKeys(settings.temporalCodecKeys))],
    failureConverterPath: FAILURE_CONVERTER,
  };
}
