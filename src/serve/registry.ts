/**
 * The models by name: loads, unloads and reloads them while others answer. A model that is replaced or taken away
 * finishes what it took and is closed then, so no request is dropped. Knows nothing of HTTP.
 */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type LoadOptions, Pyramid } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { resolveModel } from '../hub/index.ts';
import { mayExit } from '../pyramid/exits/exit-rule.ts';
import type { Auditor } from './audit/auditor.ts';
import type { ModelAdmin, ModelCard, ModelSource, Models } from './served-model.ts';
import { type OnAnswer, type ServedLimits, ServedPyramid, type TauPolicy } from './served-pyramid.ts';

export interface RegistryOptions {
  readonly load: Pick<LoadOptions, 'workers' | 'threads' | 'dtype' | 'order' | 'stallMs'>;
  readonly limits: ServedLimits;
  /** Throws where the model cannot be served so. */
  readonly policyOf: (pyramid: Pyramid, name: string) => TauPolicy;
  /** A new one each time a model is loaded; null: it is not audited. */
  readonly auditorOf: (pyramid: Pyramid, policy: TauPolicy, card: ModelCard) => Auditor | null;
  readonly onAnswer: OnAnswer;
  /** Told of what changes, for the log. */
  readonly onChange: (what: 'loaded' | 'unloaded' | 'reloaded' | 'closed', card: ModelCard) => void;
}

interface Entry {
  readonly source: ModelSource;
  readonly served: ServedPyramid;
}

export class Registry implements Models, ModelAdmin {
  readonly #options: RegistryOptions;
  /** Without a prototype: names come from requests. */
  readonly #entries = new Map<string, Entry>();
  /** Old models that still finish what they took. */
  readonly #draining = new Set<Promise<void>>();
  /** Changes take their turns. */
  #changes: Promise<unknown> = Promise.resolve();
  /** Aborted when the server closes: what is being loaded then is given up. */
  readonly #closing = new AbortController();
  #isStopping = false;

  private constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Loads all models, the first of which is the default. Throws what loading throws. */
  static async open(sources: readonly ModelSource[], options: RegistryOptions): Promise<Registry> {
    const registry = new Registry(options);
    try {
      for (const source of sources) await registry.load(source);
      return registry;
    } catch (error) {
      await registry.close();
      throw error;
    }
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  get defaultName(): string {
    return this.names[0];
  }

  get isReady(): boolean {
    return !this.#isStopping && !this.#closing.signal.aborted && this.#entries.size > 0;
  }

  /** No text would be let in now, whichever model it is for. */
  get isFull(): boolean {
    return this.#entries.size > 0 && this.all.every((served) => served.isFull);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  get(name: string = this.defaultName): ServedPyramid {
    this.#closing.signal.throwIfAborted();
    const entry = this.#entries.get(name);
    if (!entry) throw new PyramidError('MP_MODEL_UNKNOWN', { name, names: this.names });
    return entry.served;
  }

  get all(): readonly ServedPyramid[] {
    return [...this.#entries.values()].map(({ served }) => served);
  }

  load(source: ModelSource): Promise<ModelCard> {
    return this.#change(async () => {
      if (this.has(source.name))
        throw new PyramidError('MP_USAGE', {
          what: `there is already a model "${source.name}"`,
          todo: 'give another name',
        });
      const entry = await this.#open(source);
      this.#entries.set(source.name, entry);
      this.#options.onChange('loaded', entry.served.card);
      return entry.served.card;
    });
  }

  unload(name: string): Promise<void> {
    return this.#change(async () => {
      const served = this.get(name);
      if (this.#entries.size === 1)
        throw new PyramidError('MP_USAGE', { what: `"${name}" is the only model`, todo: 'load another one first' });
      this.#entries.delete(name);
      this.#options.onChange('unloaded', served.card);
      this.#retire(served);
    });
  }

  reload(name: string): Promise<{ readonly changed: boolean; readonly card: ModelCard }> {
    return this.#change(async () => {
      const { source, served } = this.#entry(name);
      const dir = await resolveModel(source.dir, {});
      if ((await versionOf(dir)) === served.card.version) return { changed: false, card: served.card };
      const entry = await this.#open(source);
      this.#entries.set(name, entry); // a name that is there keeps its place
      this.#options.onChange('reloaded', entry.served.card);
      this.#retire(served);
      return { changed: true, card: entry.served.card };
    });
  }

  /** Is no longer ready, and answers all the same: whoever asks should send requests elsewhere. */
  announceStop(): void {
    this.#isStopping = true;
  }

  /** Nothing is let in any more; resolves when all that was is answered and the engines have ended. */
  async drain(): Promise<void> {
    this.#stop();
    await this.#changes.catch(() => {});
    await Promise.all([...this.all.map((served) => served.drain()), ...this.#draining]);
  }

  /** Ends at once: what is under way fails with MP_CLOSED. */
  async close(): Promise<void> {
    this.#stop();
    await Promise.all(this.all.map((served) => served.close()));
  }

  #stop(): void {
    this.#closing.abort(new PyramidError('MP_CLOSED', { what: 'server' }));
  }

  #entry(name: string): Entry {
    this.get(name);
    return this.#entries.get(name)!;
  }

  async #open(source: ModelSource): Promise<Entry> {
    const { load, limits, policyOf, auditorOf, onAnswer } = this.#options;
    const { signal } = this.#closing;
    const dir = await unlessAborted(signal, resolveModel(source.dir, {}));
    const version = await versionOf(dir); // before it is read: what is written meanwhile counts as a change
    const pyramid = await Pyramid.load(dir, { ...load, signal });
    try {
      const policy = policyOf(pyramid, source.name);
      const maxTau = policy.kind === 'auto' ? policy.limits.high : null;
      const card = cardOf(source.name, pyramid, version, maxTau);
      const auditor = auditorOf(pyramid, policy, card);
      return { source, served: new ServedPyramid(pyramid, { dir, card, limits, policy, onAnswer, auditor }) };
    } catch (error) {
      await pyramid.close();
      throw error;
    }
  }

  #retire(served: ServedPyramid): void {
    const end = served
      .drain()
      .then(() => this.#options.onChange('closed', served.card))
      .finally(() => this.#draining.delete(end));
    this.#draining.add(end);
  }

  #change<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(change, change);
    this.#changes = done.catch(() => {});
    return done;
  }
}

function cardOf(name: string, pyramid: Pyramid, version: string, maxTau: number | null): ModelCard {
  const { labels, problemType, info, family, shape, dtype } = pyramid;
  return {
    name,
    labels,
    problemType,
    method: info.method,
    modelType: family,
    layers: shape.layers,
    hiddenSize: shape.hiddenSize,
    maxLength: info.maxLength,
    pairs: info.pairs,
    exits: mayExit(pyramid),
    tau: info.tau,
    maxTau,
    dtype,
    version,
    loadedAt: new Date().toISOString(),
  };
}

/** Waits for the promise no longer than until the signal is aborted. Throws its reason. */
async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', abort));
}

/** Changes whenever a file of the folder does: a hash of names, sizes and times. */
async function versionOf(dir: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(dir)).sort()) {
    const found = await stat(join(dir, name)).catch(() => null); // a link that leads nowhere is no file
    if (found) hash.update(`${name}\0${found.size}\0${found.mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}
