/**
 * transformers.js as its users call it: a text-classification pipeline over batches of 32 in the order of the texts
 * (its pipeline takes no pairs: for them tokenizer and model, as its documentation has it). It is no dependency of
 * ours: it is looked for from the current folder, then where this project's own benchmark installs it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { argmax } from '../pyramid/logits.ts';
import { type Missing, type Opened, type Setting, textOf, timed } from './system.ts';

const PACKAGE = '@huggingface/transformers';
const BATCH = 32;

/** What is used of the package, which need not be there to compile. */
interface TransformersJs {
  readonly env: { allowRemoteModels: boolean; localModelPath: string };
  pipeline(task: string, model: string, options: object): Promise<Pipeline>;
  readonly AutoTokenizer: { from_pretrained(model: string): Promise<(texts: string[], options: object) => unknown> };
  readonly AutoModelForSequenceClassification: {
    from_pretrained(model: string, options: object): Promise<PairModel>;
  };
}
interface Pipeline {
  (texts: readonly string[]): Promise<readonly { readonly label: string }[]>;
  dispose(): Promise<unknown>;
}
interface PairModel {
  (inputs: unknown): Promise<{ readonly logits: { readonly dims: readonly number[]; readonly data: Float32Array } }>;
  dispose(): Promise<unknown>;
}

export async function transformersJsPeer(setting: Setting): Promise<Opened | Missing> {
  const path = find();
  if (path === null) return { missing: `there is no ${PACKAGE}`, todo: `npm install ${PACKAGE}` };
  const library = (await import(pathToFileURL(path).href)) as TransformersJs;
  const { texts, dense, labels } = setting;
  library.env.allowRemoteModels = false;
  library.env.localModelPath = `${dirname(dense)}${sep}`;
  const { classify, close } = texts.some((input) => textOf(input).pair !== undefined)
    ? await pairs(library, setting)
    : await singles(library, basename(dense), labels);
  const inputs = texts.map(textOf);
  return {
    versions: { [PACKAGE]: versionOf(path) },
    system: {
      name: 'transformers.js',
      dtype: 'fp32',
      tau: null,
      async pass() {
        const found: number[] = [];
        const { ms } = await timed(async () => {
          for (let at = 0; at < inputs.length; at += BATCH)
            found.push(...(await classify(inputs.slice(at, at + BATCH))));
        });
        return { seconds: ms / 1000, labels: found, gflops: null };
      },
      single: async (index) => (await timed(() => classify([inputs[index]]))).ms,
      close,
    },
  };
}

type Batch = readonly { readonly text: string; readonly pair?: string }[];
interface Classifier {
  readonly classify: (batch: Batch) => Promise<number[]>;
  readonly close: () => Promise<void>;
}

const OPTIONS = { dtype: 'fp32', device: 'cpu' };

async function singles({ pipeline }: TransformersJs, model: string, labels: readonly string[]): Promise<Classifier> {
  const classify = await pipeline('text-classification', model, OPTIONS);
  return {
    classify: async (batch) =>
      (await classify(batch.map(({ text }) => text))).map(({ label }) => labels.indexOf(label)),
    close: async () => {
      await classify.dispose();
    },
  };
}

async function pairs(library: TransformersJs, { dense, maxLength }: Setting): Promise<Classifier> {
  const tokenizer = await library.AutoTokenizer.from_pretrained(basename(dense));
  const model = await library.AutoModelForSequenceClassification.from_pretrained(basename(dense), OPTIONS);
  return {
    async classify(batch) {
      const inputs = tokenizer(
        batch.map(({ text }) => text),
        { text_pair: batch.map(({ pair }) => pair ?? ''), padding: true, truncation: true, max_length: maxLength },
      );
      const { logits } = await model(inputs);
      const count = logits.dims[1];
      return batch.map((_, row) => argmax(logits.data.subarray(row * count, (row + 1) * count)));
    },
    close: async () => {
      await model.dispose();
    },
  };
}

function find(): string | null {
  const here = fileURLToPath(new URL('../../bench/engine/package.json', import.meta.url));
  for (const from of [join(process.cwd(), 'package.json'), here]) {
    try {
      return createRequire(from).resolve(PACKAGE);
    } catch {
      // the next place
    }
  }
  return null;
}

/** Its package.json is not exported: it is read from the folder that has the package's name. */
function versionOf(path: string): string {
  const folder = path.slice(0, path.lastIndexOf(join(...PACKAGE.split('/'))) + PACKAGE.length);
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}
