/**
 * The answers of a model to many texts, with exits off, in chunks that are kept in files until they are no longer needed: what
 * is stopped while the model answers goes on where it was. A chunk counts only for the same texts and the same network.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pyramid, TracedText } from '../engine/index.ts';
import { FLOOR_FILE } from '../pyramid/folder/model-folder.ts';
import { StoredAnswers } from '../train/checkpoint/stored-answers.ts';
import type { Text } from '../train/with-floor/unlabelled-texts.ts';

const CHUNK = 2048;

export type Answered = Pick<TracedText, 'length' | 'tokens' | 'logits'>;

export class KeptAnswers {
  readonly #pyramid: Pyramid;
  readonly #network: string;
  readonly #stored: StoredAnswers;
  /** Chunks of the calls so far: each has a file of its own. */
  #chunks = 0;

  private constructor(pyramid: Pyramid, network: string, stored: StoredAnswers) {
    this.#pyramid = pyramid;
    this.#network = network;
    this.#stored = stored;
  }

  /** @param beside answers are kept in files whose names begin so */
  static async of(pyramid: Pyramid, dir: string, beside: string): Promise<KeptAnswers> {
    return new KeptAnswers(pyramid, await networkDigest(dir), new StoredAnswers(`${beside}.safetensors`));
  }

  /** In the order of the texts. Rejects with the signal's reason; chunks that are done stay. Throws MP_WRITE and as `trace`. */
  async to(
    texts: readonly Text[],
    { onProgress, signal }: { readonly onProgress: (done: number) => void; readonly signal?: AbortSignal },
  ): Promise<Answered[]> {
    const { layers, labels } = this.#pyramid.shape;
    const asked = this.#layersAsked();
    const all: Answered[] = [];
    for (let from = 0; from < texts.length; from += CHUNK) {
      const some = texts.slice(from, from + CHUNK);
      const shapes = { tokens: [some.length, layers + 1], logits: [some.length, asked.length, labels] };
      const key = createHash('sha256').update(this.#network).update(this.#pyramid.dtype);
      const digest = key.update(JSON.stringify(some)).digest('hex');
      const chunk = this.#chunks++;
      let kept = await this.#stored.get(chunk, digest, shapes);
      if (!kept) {
        const traced = await this.#pyramid.trace(some, {
          onProgress: (share) => onProgress(from + Math.round(share * some.length)),
          ...(signal && { signal }),
        });
        kept = {
          tokens: Float32Array.from(traced.flatMap(({ tokens }) => tokens)),
          logits: Float32Array.from(traced.flatMap(({ logits }) => logits.flat())), // numbers of float32 as they are
        };
        const { tokens, logits } = kept;
        await this.#stored.set(
          chunk,
          digest,
          new Map([
            ['tokens', { shape: shapes.tokens, data: tokens }],
            ['logits', { shape: shapes.logits, data: logits }],
          ]),
        );
      }
      for (let i = 0; i < some.length; i++) all.push(entryOf(kept, i, { layers, asked, labels }));
      onProgress(from + some.length);
    }
    return all;
  }

  /** The layers, from 0, that a trace has logits of: those whose exit heads are asked, and the last. */
  #layersAsked(): number[] {
    const { shape, headKind, info } = this.#pyramid;
    const last = shape.layers - 1;
    return Array.from({ length: shape.layers }, (_, layer) => layer).filter(
      (layer) => layer === last || (headKind !== 'none' && (info.asked?.[layer] ?? true)),
    );
  }

  remove(): Promise<void> {
    return this.#stored.remove();
  }
}

function entryOf(
  { tokens, logits }: Readonly<Record<string, Float32Array>>,
  text: number,
  { layers, asked, labels }: { readonly layers: number; readonly asked: readonly number[]; readonly labels: number },
): Answered {
  const left = Array.from(tokens.subarray(text * (layers + 1), (text + 1) * (layers + 1)));
  const rows = logits.subarray(text * asked.length * labels, (text + 1) * asked.length * labels);
  const rowOf = (layer: number): number[] => {
    const at = asked.indexOf(layer);
    return at < 0 ? [] : Array.from(rows.subarray(at * labels, (at + 1) * labels));
  };
  return {
    length: left[0],
    tokens: left,
    logits: Array.from({ length: layers }, (_, layer) => rowOf(layer)),
  };
}

/** What answers hang on beside the texts: weights, settings and tokenizer of a folder, its floor 0 aside. */
async function networkDigest(dir: string): Promise<string> {
  const names = (await readdir(dir)).filter((name) => /\.(safetensors|json|txt|model)$/.test(name));
  const digest = createHash('sha256');
  for (const name of names.sort())
    if (name !== FLOOR_FILE && name !== 'training.json') digest.update(name).update(await readFile(join(dir, name)));
  return digest.digest('hex');
}
