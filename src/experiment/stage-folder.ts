/**
 * Shared stages as files, so that a run which is stopped and resumed need not train them again: one safetensors
 * file a stage, written whole or not at all. Only what another run still needs is kept.
 */
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type EncoderConfig,
  type Parameters,
  parameterShapes,
  readSafetensors,
  readSafetensorsMetadata,
  type StoredTensor,
  writeSafetensors,
} from '../encoder/index.ts';
import type { PyramidError } from '../errors.ts';
import { HEAD_KINDS, type HeadSettings } from '../pyramid/exits/exits.ts';
import { isHead } from '../pyramid/exits/head-name.ts';
import { headShapes } from '../pyramid/exits/heads.ts';
import { THRESHOLDS } from '../pyramid/network.ts';
import { damaged, headerValue, isProgress, isRecord, storedValues } from '../train/checkpoint/stored-progress.ts';
import type { MethodResult, SharedStages } from '../train/stages/run-method.ts';
import { writeFileWhole } from '../write-whole.ts';

export class StageFolder implements SharedStages {
  readonly #folder: string;
  readonly #config: EncoderConfig;
  readonly #settings: string;
  readonly #later: ReadonlySet<string>;

  /**
   * `config`: of all the networks; `settings`: what must be the same for a file to be of use; `later`: the stages that
   * runs to come build on, all that is written.
   */
  constructor(
    folder: string,
    config: EncoderConfig,
    { settings, later }: { readonly settings: Readonly<Record<string, string>>; readonly later: Iterable<string> },
  ) {
    this.#folder = folder;
    this.#config = config;
    this.#settings = JSON.stringify(settings);
    this.#later = new Set(later);
  }

  async get(path: string): Promise<MethodResult | undefined> {
    const file = join(this.#folder, fileName(path));
    const metadata = await readSafetensorsMetadata(file).catch((error) => {
      if ((error as PyramidError).code === 'MP_FILE_MISSING') return null;
      throw error;
    });
    if (metadata === null || metadata.path !== path || metadata.settings !== this.#settings) return undefined;
    const parameters: Parameters = new Map();
    const heads: Parameters = new Map();
    let thresholds: Float32Array | null = null;
    const tensors = await readSafetensors(file);
    // in the order they had: sums over all of them, as of squares for clipping, depend on it
    for (const name of headerValue(metadata, 'order', file, isNames)) {
      const tensor = tensors.get(name);
      if (!tensor) throw damaged(file, `it has no tensor "${name}"`);
      if (name === THRESHOLDS) thresholds = tensor.data;
      else (isHead(name) ? heads : parameters).set(name, tensor);
    }
    const headSettings = headerValue(metadata, 'headSettings', file, isHeadSettings);
    const expected = [...parameterShapes(this.#config), ...headShapes(this.#config, headSettings)];
    if (thresholds) expected.push([THRESHOLDS, [this.#config.layers]]);
    for (const [name, shape] of expected) {
      storedValues(
        tensors,
        name,
        shape.reduce((n, dim) => n * dim, 1),
        file,
      );
    }
    if (expected.length !== tensors.size) throw damaged(file, 'its tensors are not those of its network');
    return {
      state: { config: this.#config, parameters, heads, headSettings, thresholds },
      progress: headerValue(metadata, 'progress', file, isProgress),
    };
  }

  /** Throws MP_WRITE. */
  async set(path: string, { state, progress }: MethodResult): Promise<void> {
    if (!this.#later.has(path)) return;
    const file = join(this.#folder, fileName(path));
    const tensors = new Map<string, StoredTensor>([...state.parameters, ...state.heads]);
    if (state.thresholds) tensors.set(THRESHOLDS, { shape: [state.thresholds.length], data: state.thresholds });
    await writeFileWhole(file, (temporary) =>
      writeSafetensors(temporary, tensors, {
        path,
        settings: this.#settings,
        order: JSON.stringify([...tensors.keys()]),
        progress: JSON.stringify(progress),
        headSettings: JSON.stringify(state.headSettings),
      }),
    );
  }
}

/** Removes the files of all stages but these, and a folder that holds none. */
export async function retainStages(folder: string, needed: Iterable<string>): Promise<void> {
  const names = new Set([...needed].map(fileName));
  for (const name of await readdir(folder).catch(() => []))
    if (!names.has(name)) await rm(join(folder, name), { force: true });
  if (names.size === 0) await rm(folder, { recursive: true, force: true });
}

const fileName = (path: string): string =>
  `${createHash('sha256').update(path).digest('hex').slice(0, 16)}.safetensors`;

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string');

const isHeadSettings = (value: unknown): value is HeadSettings =>
  isRecord(value) &&
  HEAD_KINDS.some((kind) => kind === value.kind) &&
  typeof value.pairs === 'boolean' &&
  [value.width, value.attentionHeads].every((n) => Number.isSafeInteger(n) && (n as number) > 0);
