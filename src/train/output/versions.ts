/** The versions that a model was made with. */
import { readFileSync } from 'node:fs';
import { runtimeVersion } from '../../runtime/onnxruntime.ts';

export function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    'magic-pyramid': own.version,
    'onnxruntime-node': runtimeVersion(),
    node: process.version,
  };
}
