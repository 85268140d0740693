/** The environment variables that an option of the server is read from, Text Embeddings Inference's among them. */
import type { ServerOptions } from './defaults.ts';

/** Names of Text Embeddings Inference that mean the same; its HOSTNAME is left out, which containers set to their own name. */
const SHARED_WITH_TEI: readonly (keyof ServerOptions)[] = [
  'dtype',
  'port',
  'corsAllowOrigin',
  'maxConcurrentRequests',
  'maxBatchTokens',
  'maxClientBatchSize',
  'payloadLimit',
  'apiKey',
  'otlpEndpoint',
  'otlpServiceName',
];

/** Environment variables of an option, the first that is set counts. */
export function variablesOf(key: keyof ServerOptions): readonly string[] {
  const upper = key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  const theirs = key === 'model' ? ['MODEL_ID'] : SHARED_WITH_TEI.includes(key) ? [upper] : [];
  return [`MAGIC_PYRAMID_${upper}`, ...theirs];
}
