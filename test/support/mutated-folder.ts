/** Model folders in memory, and folders that something was done to: what reads them must say so or answer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { answerOf, detailOf } from '../../src/engine/answer.ts';
import { explanationOf } from '../../src/engine/explain.ts';
import type { Outcome, Rule } from '../../src/engine/job.ts';
import { Scheduler } from '../../src/engine/scheduler.ts';
import { takeIn } from '../../src/engine/take-in.ts';
import { tryOut } from '../../src/engine/try-out.ts';
import { loadModel } from '../../src/engine/workers/serve-texts.ts';
import { PyramidError } from '../../src/errors.ts';
import type { Folder } from '../../src/folder.ts';
import { randomStream } from '../../src/random.ts';
import { devices } from '../../src/runtime/devices.ts';
import { compile } from './cpu.ts';

export type Files = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
type Random = ReturnType<typeof randomStream>;

export const filesOf = (dir: string, names: readonly string[]): Files =>
  Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(dir, name)))]));

export const memoryFolder = (files: Files): Folder => ({
  path: 'mutant',
  memory: 2 ** 32,
  open: async (name) =>
    Object.hasOwn(files, name)
      ? {
          size: files[name].length,
          read: async (from, to) => files[name].slice(from, to),
          close: async () => {},
        }
      : null,
  has: async (name) => Object.hasOwn(files, name),
});

/** Values that a field is not made for. */
const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  2,
  3,
  0.5,
  1e6,
  1e9,
  2 ** 53,
  1e308,
  -1e-300,
  '',
  '2',
  'gelu',
  'none',
  'int8',
  'regression',
  'multi_label_classification',
  'distilbert',
  '__proto__',
  'constructor',
  [],
  [[]],
  [1, 2],
  [true],
  {},
  { 0: 'a', 1: 'b' },
  { 0: 'a' },
  { 1: 'a', 0: 7 },
  { x: 1 },
  { toString: 1 },
  { fp32: { tau: 0.5 } },
  { int8: { tau: 0.1, maxLength: 1e9 } },
]; // prettier-ignore

const pick = <T>(random: Random, list: readonly T[]): T => list[random.integer(list.length)];

/** One place of a JSON value, anywhere in it, is changed, taken away or given twice. */
function mutateJson(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.next() < 0.1) return pick(random, ODD);
  const keys = Object.keys(value);
  if (keys.length === 0 || random.next() < 0.1) return { ...value, [pick(random, ['__proto__', '0', 'tau', 'x'])]: 1 };
  const key = pick(random, keys);
  const changed = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  const old = changed[key];
  const how = random.next();
  if (how < 0.2) delete changed[key];
  else if (how < 0.5 && typeof old === 'number')
    changed[key] = pick(random, [-old, old + 1, old * 2, old / 2, old * 1e6, 0]);
  else if (how < 0.6) changed[pick(random, keys)] = old;
  else changed[key] = mutateJson(random, old);
  return changed;
}

/** Some bytes are changed, cut off, put in or given twice. */
export function mutateBytes(random: Random, bytes: Uint8Array, within = bytes.length): Uint8Array<ArrayBuffer> {
  const at = random.integer(Math.max(1, Math.min(within, bytes.length)));
  const how = random.next();
  if (how < 0.1) return bytes.slice(0, at);
  if (how < 0.2) return Uint8Array.from([...bytes.subarray(0, at), random.integer(256), ...bytes.subarray(at)]);
  if (how < 0.3) return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random.integer(16))]);
  const changed = bytes.slice();
  for (let i = 0; i <= random.integer(4); i++) {
    const place = Math.min(changed.length - 1, at + random.integer(8));
    changed[place] = random.next() < 0.5 ? random.integer(256) : changed[place] ^ (1 << random.integer(8));
  }
  return changed as Uint8Array<ArrayBuffer>;
}

const encode = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

const headerEnd = (bytes: Uint8Array): number =>
  8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));

export function mutateSafetensors(random: Random, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const end = headerEnd(bytes);
  const how = random.next();
  if (how < 0.2) return mutateBytes(random, bytes, end);
  if (how < 0.3) {
    const changed = bytes.slice();
    const length = pick(random, [0n, 1n, BigInt(end), 2n ** 32n, 2n ** 63n, BigInt(bytes.length - 8)]);
    new DataView(changed.buffer).setBigUint64(0, length, true);
    return changed;
  }
  if (how < 0.6) {
    const header = encode(JSON.stringify(mutateJson(random, json(bytes.subarray(8, end)))));
    const changed = new Uint8Array(8 + header.length + bytes.length - end);
    new DataView(changed.buffer).setBigUint64(0, BigInt(header.length), true);
    changed.set(header, 8);
    changed.set(bytes.subarray(end), 8 + header.length);
    return changed;
  }
  const changed = bytes.slice();
  const values = new DataView(changed.buffer, end);
  for (let i = 0; i <= random.integer(6); i++) {
    const value = pick(random, [Number.NaN, Number.POSITIVE_INFINITY, 3e38, -3e38, 1e30, 0, random.normal()]);
    values.setFloat32(4 * random.integer(Math.floor(values.byteLength / 4)), value, true);
  }
  return changed;
}

export function mutateText(random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return random.next() < 0.7 ? encode(JSON.stringify(mutateJson(random, json(bytes)))) : mutateBytes(random, bytes);
}

export interface Tally {
  refused: number;
  answered: number;
  slowestMs: number;
  readonly codes: Map<string, number>;
}
export const newTally = (): Tally => ({ refused: 0, answered: 0, slowestMs: 0, codes: new Map() });

/**
 * Runs `work`, which may end in an error of the catalogue and in no other, within two seconds; of the clock, or of computing
 * where the machine is busy with other things. What waits for ever meets the test's own limit.
 */
export async function judged(tally: Tally, what: string, work: () => Promise<void> | void): Promise<void> {
  const start = performance.now();
  const before = process.cpuUsage();
  try {
    await work();
    tally.answered++;
  } catch (error) {
    if (!(error instanceof PyramidError)) throw new Error(`${what}: ${(error as Error).stack}`);
    expect(error.message.length, what).toBeLessThan(1500);
    expect(error.message, what).not.toMatch(/\n|internal:/);
    tally.refused++;
    tally.codes.set(error.code, (tally.codes.get(error.code) ?? 0) + 1);
  }
  const { user, system } = process.cpuUsage(before);
  const ms = Math.min(performance.now() - start, (user + system) / 1000);
  tally.slowestMs = Math.max(tally.slowestMs, ms);
  expect(ms, what).toBeLessThan(2000);
}

const TEXTS = ['w1 w2 w3', '', 'unseen w7'];

/** Loads the folder as a worker does and has it answer some texts. */
export async function answers(files: Files, dtype: 'fp32' | 'int8' | null = null): Promise<void> {
  const folder = memoryFolder(files);
  const model = await tryOut(await loadModel(folder, dtype, { spec: devices.cpu, compile }), folder.path);
  try {
    const { tau, pairs } = model.info;
    const outcomes: Outcome[] = [];
    let failure: unknown = null;
    const scheduler = new Scheduler(model, model.programs, {
      admit: () => false,
      done: (done) => outcomes.push(...done),
      failed: (_, error) => {
        failure = error;
      },
    });
    const rules: Rule[] = [
      { tau, trace: false },
      { tau: null, trace: true, explain: true },
    ];
    rules.forEach((rule, r) => {
      scheduler.add(
        TEXTS.flatMap((text, i) => {
          const taken = takeIn(model, r * TEXTS.length + i, { text, pair: pairs ? 'w9' : undefined }, rule);
          if (taken.outcome) outcomes.push(taken.outcome);
          return [...taken.jobs];
        }),
      );
    });
    await scheduler.wake();
    if (failure) throw failure;
    expect(outcomes).toHaveLength(2 * TEXTS.length);
    for (const outcome of outcomes) {
      const asked = outcome.id < TEXTS.length ? tau : null; // the second rule has exits off
      const { label, score } = answerOf(model, outcome, { tau: asked, topK: 3 });
      expect(model.config.labels).toContain(label);
      expect(Number.isFinite(score)).toBe(true);
      const timed = { ...outcome, tokenizeMs: 0, inferenceMs: 0 };
      expect(detailOf(model, timed, asked).scores).toHaveLength(model.config.labels.length);
      if (outcome.tokenHistory) expect(explanationOf(model, outcome, tau).layers).toHaveLength(model.config.layers);
    }
  } finally {
    await model.programs.close();
  }
}

/** `count` folders, each with one file changed. */
export async function tryMutants(files: Files, seed: number, count: number): Promise<Tally> {
  const tally = newTally();
  const names = Object.keys(files).filter((name) => /^(config\.json|model.*)$/.test(name));
  for (let i = 0; i < count; i++) {
    const random = randomStream(seed, 'mutant', String(i));
    const name = pick(random, names);
    const changed = name.endsWith('.safetensors')
      ? mutateSafetensors(random, files[name])
      : mutateText(random, files[name]);
    const dtype = pick(random, [null, null, null, 'int8', 'fp32'] as const);
    await judged(tally, `seed ${seed}, mutant ${i}, ${name}`, () => answers({ ...files, [name]: changed }, dtype));
  }
  return tally;
}
