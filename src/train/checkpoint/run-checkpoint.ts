/**
 * Checkpoints of a run in progress: all learnt tensors, the optimiser's moments and the position, in one safetensors
 * file beside the model folder. Written to a temporary file and renamed, so a run killed at any moment leaves the last
 * whole one; a resumed run goes on bit for bit, since everything random hangs on the seed and the position.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  readSafetensors,
  readSafetensorsMetadata,
  type StoredTensor,
  WORD_EMBEDDINGS,
  writeSafetensors,
} from '../../encoder/index.ts';
import { PyramidError } from '../../errors.ts';
import { THRESHOLDS } from '../../pyramid/network.ts';
import { unfinished, writeFileWhole } from '../../write-whole.ts';
import type { TrainEvent } from '../events.ts';
import type { ModelState } from '../state.ts';
import type { Moments } from '../step/adamw.ts';
import { headerValue, isProgress, isTexts, storedValues } from './stored-progress.ts';

export interface Position {
  /** Index of the stage among the method's. */
  readonly stage: number;
  readonly epoch: number;
  /** Steps of the epoch that are done. */
  readonly batch: number;
}

export interface Progress {
  readonly position: Position;
  /** Sum of the losses of the epoch so far. */
  readonly lossSum: number;
  /** Seconds of work so far, over all sittings. */
  readonly seconds: number;
  /** Of a run that was stopped between two checkpoints that were due: the decay of words that is saved up, see WordRows. */
  readonly decay?: number;
  /** The epochs that are over. */
  /** As told, but that epochs count from 0 here. */
  readonly history: readonly Extract<TrainEvent, { kind: 'epoch' }>[];
}

/** What of the optimiser a step needs back. */
export interface StepMoments {
  readonly moments: ReadonlyMap<string, Moments>;
  /** Rows of the word embedding that have had a gradient, and their moments; null where words are not trained. */
  readonly words: { readonly moments: Moments; readonly touched: Uint8Array } | null;
}

export interface Saved {
  /** For messages. */
  readonly path: string;
  readonly progress: Progress;
  readonly tensors: Map<string, StoredTensor>;
}

/** In a folder that is written into, the name of its checkpoint. */
export const CHECKPOINT = 'checkpoint.safetensors';

/** Beside the folder `out`; in it where it was there before the run, since it may be a volume that outlasts what is beside it. */
export function checkpointPath(out: string): string {
  const beside = join(dirname(out), `${basename(out)}.${CHECKPOINT}`);
  return existsSync(beside) || !existsSync(out) ? beside : join(out, CHECKPOINT);
}

export class Checkpoints {
  readonly path: string;
  readonly #settings: Readonly<Record<string, string>>;

  /** `settings` must be the same when a run goes on; they are compared one by one. */
  constructor(out: string, settings: Readonly<Record<string, string>>) {
    this.path = checkpointPath(out);
    this.#settings = settings;
  }

  /** `more`: further tensors, by names of their own. Throws MP_WRITE; the checkpoint before stays. */
  async save(
    state: ModelState,
    step: StepMoments | null,
    progress: Progress,
    more: readonly (readonly [string, StoredTensor])[] = [],
  ): Promise<void> {
    const tensors = new Map<string, StoredTensor>([...state.parameters, ...state.heads, ...more]);
    if (state.thresholds) tensors.set(THRESHOLDS, { shape: [state.thresholds.length], data: state.thresholds });
    const flat = (name: string, data: Float32Array) => tensors.set(name, { shape: [data.length], data });
    for (const [name, { m, v }] of step?.moments ?? []) {
      flat(`adamw.m:${name}`, m);
      flat(`adamw.v:${name}`, v);
    }
    if (step?.words) {
      flat(`adamw.m:${WORD_EMBEDDINGS}`, step.words.moments.m);
      flat(`adamw.v:${WORD_EMBEDDINGS}`, step.words.moments.v);
      flat('words.touched', Float32Array.from(step.words.touched));
    }
    await writeFileWhole(this.path, (temporary) =>
      writeSafetensors(temporary, tensors, {
        progress: JSON.stringify(progress),
        settings: JSON.stringify(this.#settings),
      }),
    );
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** The last checkpoint; null if there is none. Throws MP_RESUME_MISMATCH, MP_MODEL_FILE. */
  async load(): Promise<Saved | null> {
    if (!this.exists) return null;
    const metadata = await readSafetensorsMetadata(this.path);
    const then = headerValue(metadata, 'settings', this.path, isTexts);
    for (const [option, now] of Object.entries(this.#settings)) {
      const before = Object.hasOwn(then, option) ? then[option] : 'not given';
      if (before !== now) throw new PyramidError('MP_RESUME_MISMATCH', { path: this.path, option, before, now });
    }
    const progress = headerValue(metadata, 'progress', this.path, isProgress);
    return { path: this.path, progress, tensors: await readSafetensors(this.path) };
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(unfinished(this.path), { force: true });
  }
}

/** Copies a checkpoint's values of learnt tensors into the state's own memory, which programs may hold on to. Throws MP_MODEL_FILE. */
export function restoreState(state: ModelState, { path, tensors }: Pick<Saved, 'path' | 'tensors'>): void {
  for (const [name, { data }] of [...state.parameters, ...state.heads])
    data.set(storedValues(tensors, name, data.length, path));
  if (state.thresholds || tensors.has(THRESHOLDS))
    state.thresholds = storedValues(tensors, THRESHOLDS, state.config.layers, path);
}

/** Throws MP_MODEL_FILE. */
export function restoreMoments(
  { moments, words }: StepMoments,
  { path, tensors }: Pick<Saved, 'path' | 'tensors'>,
): void {
  const restore = (name: string, { m, v }: Moments) => {
    m.set(storedValues(tensors, `adamw.m:${name}`, m.length, path));
    v.set(storedValues(tensors, `adamw.v:${name}`, v.length, path));
  };
  for (const [name, both] of moments) restore(name, both);
  if (words) {
    restore(WORD_EMBEDDINGS, words.moments);
    words.touched.set(storedValues(tensors, 'words.touched', words.touched.length, path));
  }
}
