/**
 * The engine on the clock, tokenising included, and peers on the same weights and texts in the same run: in each round
 * every system has a turn, so that a machine whose speed drifts is the same for all.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasNetwork } from '../encoder/index.ts';
import type { TextInput } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { denseFlops } from '../pyramid/flops.ts';
import { readModelFolder } from '../pyramid/folder/disk-model.ts';
import type { Dtype } from '../pyramid/folder/model-folder.ts';
import { loadTokenizer } from '../text/index.ts';
import { writeDenseModel } from './dense-model.ts';
import { type BenchReport, figures, type Measured, median, type Turn } from './figures.ts';
import { gemmPeak, type Peak } from './gemm-peak.ts';
import { machine, ownVersions } from './machine.ts';
import { ownSystems } from './own-systems.ts';
import type { PeerName } from './peer-names.ts';
import { openPeers } from './peers.ts';
import { type Rightness, rightness, type Truth } from './rightness.ts';
import { type Setting, type System, textOf } from './system.ts';

export interface BenchOptions extends Truth {
  /** Model folder. */
  readonly model: string;
  readonly texts: readonly TextInput[];
  /** What the texts are called. */
  readonly rows: string;
  /** Null: the model's own, and where it has none for a dtype, the one it has for another. */
  readonly taus: readonly (number | null)[] | null;
  readonly dtypes: readonly Dtype[];
  readonly rounds: number;
  /** Least time of a system's texts together in a round; they are run whole, at least once. */
  readonly seconds: number;
  /** Null: one for each core. */
  readonly workers: number | null;
  readonly threads: number;
  /** Null: none. */
  readonly peers: readonly PeerName[] | 'all' | null;
  readonly python: string;
  /** Told how far it is, a sentence at a time. */
  readonly onNote: (text: string) => void;
}

/** Texts that each system runs one at a time in a round, if there are so many. */
const SINGLES = 100;
/** Texts run before the first round. */
const WARM_UP = 20;

/** Throws MP_BENCH_PEER, and as `Pyramid.load`. */
export async function bench(options: BenchOptions): Promise<BenchReport> {
  const { model, texts, rounds, onNote } = options;
  const folder = await mkdtemp(join(tmpdir(), 'magic-pyramid-bench-'));
  const open: { close(): Promise<void> }[] = [];
  try {
    const dense = join(folder, 'dense');
    const { config, info } = await readModelFolder(model);
    if (hasNetwork(config)) await writeDenseModel(model, dense);
    else if (options.peers !== null)
      throw new PyramidError('MP_USAGE', {
        what: 'peers run the weights of a network, and this model has none',
        todo: 'leave --peers out',
      });
    const workers = options.workers ?? availableParallelism();
    // what is not ours runs in one place: it gets as many threads as all our workers have
    const threads = Math.min(workers * options.threads, availableParallelism());
    const { labels } = config;
    const setting: Setting = { texts, labels, maxLength: info.maxLength, dense, threads, python: options.python };
    const own = await ownSystems({ ...options, workers, ownTau: info.tau }, setting);
    open.push(...own);
    const peers = options.peers === null ? [] : await openPeers(options.peers, setting, onNote);
    open.push(...peers.map(({ system }) => system));
    if (peers.length > 0 && config.problemType !== 'single_label_classification')
      onNote(`peers are only on the clock: their answers to a ${config.problemType} are not judged`);
    const systems = [...own, ...peers.map(({ system }) => system)];
    const dtypes = [...new Set(systems.map(({ dtype }) => dtype))];
    const peaks = await Promise.all(dtypes.map((dtype) => gemmPeak(dtype, threads)));
    open.push(...peaks);
    const measured = await runRounds(systems, peaks, options);
    const shape = { ...config, labels: labels.length };
    const tokenizer = await loadTokenizer(model);
    const denseGflops = mean(
      texts.map((input) => {
        const { text, pair } = textOf(input);
        return denseFlops(shape, tokenizer.encode(text, pair, info.maxLength).ids.length) / 1e9;
      }),
    );
    const all: Measured[] = measured.map(({ gflops, ...rest }) => ({ ...rest, gflops: gflops ?? denseGflops }));
    return {
      machine: machine(),
      versions: Object.assign(ownVersions(), ...peers.map(({ versions }) => versions)),
      ...figures(all),
      peaks: dtypes.map((dtype) => ({
        dtype,
        threads,
        gflopsPerSecond: median(all.find((one) => one.dtype === dtype)!.rounds.map(({ peak }) => peak)),
      })),
      setting: {
        model,
        rows: options.rows,
        texts: texts.length,
        rounds,
        seconds: options.seconds,
        workers,
        threads: options.threads,
      },
    };
  } finally {
    for (const one of open) await one.close();
    await rm(folder, { recursive: true, force: true });
  }
}

type Raw = Omit<Measured, 'gflops'> & { readonly gflops: number | null };

async function runRounds(systems: readonly System[], peaks: readonly Peak[], options: BenchOptions): Promise<Raw[]> {
  const { texts, rounds, seconds, onNote } = options;
  for (const system of systems) {
    for (let i = 0; i < Math.min(WARM_UP, texts.length); i++) await system.single(i);
  }
  const turns: Turn[][] = systems.map(() => []);
  const last: (Rightness & { gflops: number | null })[] = [];
  for (let round = 0; round < rounds; round++) {
    const peak = new Map<Dtype, number>();
    for (const one of peaks) peak.set(one.dtype, await one.measure());
    for (const [i, system] of systems.entries()) {
      let passes = 0;
      let spent = 0;
      while (spent < seconds || passes === 0) {
        const pass = await system.pass();
        passes++;
        spent += pass.seconds;
        last[i] = { ...rightness(pass, options), gflops: pass.gflops };
      }
      const singles: number[] = [];
      const count = Math.min(SINGLES, texts.length);
      for (let s = 0; s < count; s++) singles.push(await system.single((round * count + s) % texts.length));
      const textsPerSecond = (passes * texts.length) / spent;
      turns[i].push({ textsPerSecond, singles, peak: peak.get(system.dtype)! });
      onNote(
        `round ${round + 1} of ${rounds}: ${system.name}, ${system.dtype}, tau ${system.tau ?? 'off'}: ${textsPerSecond.toFixed(1)} texts a second, ${median(singles).toFixed(2)} ms`,
      );
    }
  }
  return systems.map(({ name, dtype, tau }, i) => ({ system: name, dtype, tau, rounds: turns[i], ...last[i] }));
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
