/**
 * ONNX Runtime by itself: the dense model as one session, padded batches of 32 sorted by length, tokens from our own
 * tokenizer, which is the fastest there is for it.
 */
import { join } from 'node:path';
import type * as OnnxRuntime from 'onnxruntime-node';
import { argmax } from '../pyramid/logits.ts';
import { native } from '../runtime/onnxruntime.ts';
import { type Encoding, loadTokenizer } from '../text/index.ts';
import { PADDED_INPUTS } from './dense-model.ts';
import { type Missing, type Opened, type Setting, textOf, timed } from './system.ts';

const BATCH = 32;

export async function onnxruntimePeer({ texts, maxLength, dense, threads }: Setting): Promise<Opened | Missing> {
  const { ort, reason } = native();
  if (ort === null) return { missing: reason, todo: 'npm install --ignore-scripts onnxruntime-node' };
  const session = await ort.InferenceSession.create(join(dense, 'onnx', 'model.onnx'), { intraOpNumThreads: threads });
  const tokenizer = await loadTokenizer(dense);
  const encode = (index: number) => {
    const { text, pair } = textOf(texts[index]);
    return tokenizer.encode(text, pair, maxLength);
  };
  /** The labels of texts that share a batch. */
  const run = async (batch: readonly Encoding[]): Promise<number[]> => {
    const padded = Math.max(...batch.map(({ ids }) => ids.length));
    const tensor = (value: (encoding: Encoding, place: number) => number) => {
      const data = new BigInt64Array(batch.length * padded);
      batch.forEach((encoding, row) => {
        const length = encoding.ids.length;
        for (let place = 0; place < length; place++) data[row * padded + place] = BigInt(value(encoding, place));
      });
      return new ort.Tensor('int64', data, [batch.length, padded]);
    };
    const feeds: Record<string, OnnxRuntime.Tensor> = {};
    const [ids, mask, types] = PADDED_INPUTS;
    for (const name of session.inputNames) {
      if (name === ids) feeds[name] = tensor((encoding, place) => encoding.ids[place]);
      else if (name === mask) feeds[name] = tensor(() => 1);
      else if (name === types) feeds[name] = tensor((encoding, place) => encoding.types[place]);
    }
    const { logits } = await session.run(feeds);
    const labels = logits.dims[1];
    const values = logits.data as Float32Array;
    return batch.map((_, row) => argmax(values.subarray(row * labels, (row + 1) * labels)));
  };
  return {
    versions: {}, // ours, which is named anyway
    system: {
      name: 'onnxruntime',
      dtype: 'fp32',
      tau: null,
      async pass() {
        const found = new Array<number>(texts.length);
        const { ms } = await timed(async () => {
          const encoded = texts.map((_, index) => ({ index, encoding: encode(index) }));
          encoded.sort((a, b) => a.encoding.ids.length - b.encoding.ids.length);
          for (let at = 0; at < encoded.length; at += BATCH) {
            const part = encoded.slice(at, at + BATCH);
            const labels = await run(part.map(({ encoding }) => encoding));
            part.forEach(({ index }, i) => {
              found[index] = labels[i];
            });
          }
        });
        return { seconds: ms / 1000, labels: found, gflops: null };
      },
      single: async (index) => (await timed(() => run([encode(index)]))).ms,
      close: () => session.release(),
    },
  };
}
