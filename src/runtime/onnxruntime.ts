/**
 * ONNX Runtime's native binding, which is an optional dependency: it is not there for every system, and its install script,
 * which fetches CUDA libraries that nothing here uses, may fail and take it away. Knows nothing of graphs.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as OnnxRuntime from 'onnxruntime-node';
import { systemLimit } from '../system-limit.ts';

type Native =
  | { readonly ort: typeof OnnxRuntime; readonly reason: null }
  | { readonly ort: null; readonly reason: string };

const require = createRequire(import.meta.url);
const NAME = 'onnxruntime-node';

let loaded: Native | null = null;

/** The binding, or in a few words why there is none. It is looked for once a thread. Throws MP_SYSTEM_LIMIT. */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

function load(): Native {
  try {
    require.resolve(NAME);
  } catch {
    return { ort: null, reason: `${NAME} is not installed` };
  }
  try {
    return { ort: require(NAME) as typeof OnnxRuntime, reason: null };
  } catch (error) {
    // it is there, and may be opened a little later
    const limit = systemLimit(error, `${NAME} cannot be loaded`);
    if (limit) throw limit;
    const [line] = String((error as Error).message).split('\n');
    return { ort: null, reason: `${NAME} does not load on ${process.platform} ${process.arch} (${line.trim()})` };
  }
}

/** Of a package of ONNX Runtime's that is installed. */
export function versionOf(name: 'onnxruntime-node' | 'onnxruntime-web'): string {
  const file = join(dirname(require.resolve(name)), '..', 'package.json'); // which not every package exports
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
