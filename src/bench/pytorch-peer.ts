/**
 * PyTorch with transformers, dense: padded batches of 32 sorted by length, in inference mode. It runs in a Python
 * process of its own (bench/engine/peer.py) that takes its turns as the others do and measures its own time.
 */
import { fileURLToPath } from 'node:url';
import { JsonChild } from './json-child.ts';
import type { Missing, Opened, Setting } from './system.ts';

const SCRIPT = fileURLToPath(new URL('../../bench/engine/peer.py', import.meta.url));

export async function pytorchPeer({
  texts,
  labels,
  maxLength,
  dense,
  threads,
  python,
}: Setting): Promise<Opened | Missing> {
  const child = new JsonChild(python, [SCRIPT]);
  try {
    const { missing, versions } = await child
      .ask({ model: dense, texts, labels, maxLength, threads })
      .catch((error) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { missing: null, versions: null };
        throw error;
      });
    if (versions === null) return { missing: `there is no ${python}`, todo: 'name a Python interpreter with --python' };
    if (missing !== undefined) {
      await child.close();
      return { missing: `${python} has no ${missing}`, todo: `${python} -m pip install torch transformers` };
    }
    return {
      versions: versions as Record<string, string>,
      system: {
        name: 'pytorch',
        dtype: 'fp32',
        tau: null,
        async pass() {
          const answer = await child.ask({ do: 'pass' });
          return { seconds: answer.seconds as number, labels: answer.labels as number[], gflops: null };
        },
        single: async (index) => (await child.ask({ do: 'single', index })).ms as number,
        close: () => child.close(),
      },
    };
  } catch (error) {
    await child.close();
    throw error;
  }
}
