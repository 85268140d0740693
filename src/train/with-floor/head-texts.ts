/**
 * Which of the texts without labels the exit heads learn from, and what they read of them: gathered chunk by chunk while
 * the network answers all of them, since one pass gives both. What is kept in memory is bounded.
 */
import { createHash } from 'node:crypto';
import { exitOf, readsFeatures } from '../../pyramid/exits/exits.ts';
import { headName } from '../../pyramid/exits/head-name.ts';
import { randomStream } from '../../random.ts';
import { NO_LABEL } from '../../text/example.ts';
import type { Encoding } from '../../text/index.ts';
import type { EncodedSet } from '../batch.ts';
import type { MoreTexts } from '../stages/more-texts.ts';
import { type ModelState, tensorOf } from '../state.ts';
import type { HeadInputs } from '../trace/tracer.ts';

/**
 * Of what exit heads read of texts without labels, in bytes: 17,000 texts of a network of 6 layers and width 384, whose heads
 * read 768 numbers a layer.
 */
export const MOST_BYTES = 2 ** 28;

/** Of texts whose heads read tokens: each is run through the network anew in every epoch, and not through its head alone. */
export const MOST_READ = 20_000;

export class HeadTexts {
  /** Indices of the texts, rising. */
  readonly kept: Int32Array;
  readonly #of: number;
  /** Layers with a head, and numbers that each reads; 0 where they read tokens. */
  readonly #layers: number;
  readonly #width: number;
  readonly #inputs: HeadInputs | null;
  readonly #encodings: Encoding[] = [];
  readonly #set: EncodedSet;

  /** Of `count` texts: all, or as many as fit, drawn from the seed. */
  constructor(state: ModelState, count: number, seed: number, mostBytes = MOST_BYTES) {
    const { layers, labels } = state.config;
    const exit = exitOf(state.headSettings.kind);
    const reads = exit !== null && readsFeatures(exit);
    this.#of = count;
    this.#layers = layers - 1;
    this.#width = reads ? tensorOf(state, headName(1, 'dense.weight')).shape[1] : 0;
    const most = reads ? Math.floor(mostBytes / (4 * this.#layers * this.#width)) : MOST_READ;
    const drawn = most >= count ? null : randomStream(seed, 'texts for exit heads').shuffle([...Array(count).keys()]);
    this.kept = drawn ? Int32Array.from(drawn.slice(0, most)).sort() : Int32Array.from({ length: count }, (_, i) => i);
    const texts = this.kept.length;
    this.#set = {
      encodings: this.#encodings,
      labels: new Array<number>(texts).fill(NO_LABEL),
      lengths: new Int32Array(texts),
      truncated: 0,
    };
    this.#inputs = reads
      ? {
          tokens: new Array<readonly number[]>(texts).fill([]), // nobody asks for those of a training set
          features: Array.from({ length: this.#layers }, () => new Float32Array(texts * this.#width)),
          featureSize: this.#width,
          teacher: new Float32Array(texts * labels.length),
        }
      : null;
  }

  /** Under which what is kept of a chunk is stored: other texts kept have another. */
  get name(): string {
    return `features ${createHash('sha256').update(this.kept).digest('hex').slice(0, 16)}`;
  }

  /** What is said of texts that do not fit; null where all do. */
  get note(): string | null {
    if (this.kept.length === this.#of) return null;
    return `the exit heads learn from ${this.kept.length} of ${this.#of} texts without labels, drawn from the seed: ${this.#inputs ? 'what they read of more takes too much memory' : 'each is run through the network in every epoch'}`;
  }

  /** The shape [texts, layers, F] of what is kept of a chunk of texts; null where the heads read tokens. */
  shapeOf(from: number, size: number): readonly [number, number, number] | null {
    const [begin, end] = this.#range(from, size);
    return this.#inputs && [end - begin, this.#layers, this.#width];
  }

  /** Of a chunk's inputs those that are kept, as `shapeOf` says. */
  pick(from: number, size: number, { features }: HeadInputs): Float32Array {
    const [begin, end] = this.#range(from, size);
    const [layers, width] = [this.#layers, this.#width];
    const picked = new Float32Array((end - begin) * layers * width);
    let at = 0;
    for (let place = begin; place < end; place++) {
      const row = this.kept[place] - from;
      for (let i = 0; i < layers; i++, at += width)
        picked.set(features[i].subarray(row * width, (row + 1) * width), at);
    }
    return picked;
  }

  /**
   * Takes a chunk in.
   * @param teacher [texts of the chunk, C], logits of the last layer
   * @param picked as `pick` gave it; null where the heads read tokens
   */
  add(from: number, encodings: readonly Encoding[], teacher: Float32Array, picked: Float32Array | null): void {
    const [begin, end] = this.#range(from, encodings.length);
    const labels = teacher.length / encodings.length;
    const width = this.#width;
    let at = 0;
    for (let place = begin; place < end; place++) {
      const row = this.kept[place] - from;
      this.#set.lengths[place] = encodings[row].ids.length;
      if (!this.#inputs || !picked) this.#encodings.push(encodings[row]);
      else {
        for (const values of this.#inputs.features) {
          values.set(picked.subarray(at, at + width), place * width);
          at += width;
        }
        this.#inputs.teacher.set(teacher.subarray(row * labels, (row + 1) * labels), place * labels);
      }
    }
  }

  get texts(): MoreTexts {
    return { set: this.#set, inputs: this.#inputs };
  }

  /** Which entries of `kept` lie in a chunk: from, and up to. */
  #range(from: number, size: number): readonly [number, number] {
    const first = (least: number): number => {
      let [low, high] = [0, this.kept.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.kept[middle] < least) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return [first(from), first(from + size)];
  }
}
