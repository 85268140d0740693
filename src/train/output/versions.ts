/** The versions that a model was made with. */
import { readFileSync } from 'node:fs';
import { runtimeVersions } from '../../runtime/choose-device.ts';

export function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    'magic-pyramid': own.version,
    ...runtimeVersions(),
    node: process.version,
  };
}
