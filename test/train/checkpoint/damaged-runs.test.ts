/** What a run reads of its own when it is gone on with, damaged at random (seed 5): a sentence with a code, or taken as it is. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../../src/cli/options/config-file.ts';
import { PyramidError } from '../../../src/errors.ts';
import { StageFolder } from '../../../src/experiment/stage-folder.ts';
import { readResult, type StoredResult, writeResult } from '../../../src/experiment/stored-result.ts';
import { randomStream } from '../../../src/random.ts';
import { Checkpoints, restoreState } from '../../../src/train/checkpoint/run-checkpoint.ts';
import { trainTable } from '../../../src/train/options/defaults.ts';
import { resolveTrainOptions } from '../../../src/train/options/resolve.ts';
import { validationRows } from '../../../src/train/start/validation-rows.ts';
import { copyState } from '../../../src/train/state.ts';
import { train } from '../../../src/train/train.ts';
import { scratchDataset, tinyOptions, tinyStart, writeRows } from '../../support/scratch-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const dataset = scratchDataset({ rows: 60 });
const rows = writeRows(root, 'rows.csv', dataset);
const random = randomStream(5, 'damage');
const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)];

/** Bytes changed, cut or put in, mostly near the beginning, where headers are. */
function damage(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const near = random.next() < 0.8 ? Math.min(copy.length, 3000) : copy.length;
  switch (random.integer(4)) {
    case 0:
      return copy.subarray(0, random.integer(copy.length + 1));
    case 1:
      return Buffer.concat([
        copy.subarray(0, random.integer(near)),
        Buffer.from(pick(['"', '}', '0', '\n', '\0', 'é', '-'])),
      ]);
    default:
      for (let n = 1 + random.integer(4); n > 0; n--) copy[random.integer(near)] = random.integer(256);
      return copy;
  }
}

const odd = [null, true, -1, 1.5, 1e300, '', 'x', [], {}, [null], { x: 1 }, '__proto__'];

/** A JSON value with one of its parts replaced, left out, or beside another. */
function oddJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.next() < 0.25) return pick(odd);
  const copy = structuredClone(value) as Record<string, unknown>;
  const keys = Object.keys(copy);
  if (keys.length === 0) return pick(odd);
  const key = pick(keys);
  if (random.next() < 0.2) delete copy[key];
  else copy[key] = oddJson(copy[key]);
  return copy;
}

/** A safetensors file whose header's entries are odd, but whose form is right. */
function oddHeader(bytes: Buffer): Buffer {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  const key = pick(Object.keys(header.__metadata__));
  let value: unknown = header.__metadata__[key];
  try {
    value = JSON.stringify(oddJson(JSON.parse(String(value))));
  } catch {
    value = pick(['', 'x', 1, null]);
  }
  header.__metadata__[key] = value;
  if (random.next() < 0.1) header.__metadata__ = pick(odd);
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, bytes.subarray(8 + length)]);
}

/** Reads each damaged form; returns how many were refused. Anything but a coded sentence fails. */
async function refused(count: number, damageOnce: () => void, read: () => Promise<unknown>): Promise<number> {
  let refusals = 0;
  for (let i = 0; i < count; i++) {
    damageOnce();
    try {
      await read();
    } catch (error) {
      if (!(error instanceof PyramidError)) throw error;
      expect(error.message).not.toMatch(/internal|undefined|is not a function/);
      refusals++;
    }
  }
  return refusals;
}

describe('damaged files of a run', () => {
  const settings = { seed: '0', method: '"mp"' };
  const options = tinyOptions({ train: rows, method: 'mp', layers: 2 });
  let start: Awaited<ReturnType<typeof tinyStart>>;
  const progress = {
    position: { stage: 1, epoch: 0, batch: 2 },
    lossSum: 1.5,
    seconds: 2,
    history: [{ kind: 'epoch', stage: 'regular', epoch: 0, loss: 0.5, validation: { accuracy: 0.5 }, seconds: 1 }],
  } as const;
  beforeAll(async () => {
    start = await tinyStart(dataset, options);
  });

  it('as a checkpoint is refused in one sentence or restored whole', async () => {
    const checkpoints = new Checkpoints(join(root, 'run'), settings);
    await checkpoints.save(start.state, null, progress);
    const bytes = readFileSync(checkpoints.path);
    const read = async () => restoreState(copyState(start.state), (await checkpoints.load())!);
    await read();
    const one = (change: typeof damage) => () => writeFileSync(checkpoints.path, change(bytes));
    expect(await refused(400, one(damage), read)).toBeGreaterThan(200);
    expect(await refused(400, one(oddHeader), read)).toBeGreaterThan(200);
  });

  it('as a checkpoint of a network that is another is refused', async () => {
    const checkpoints = new Checkpoints(join(root, 'other'), settings);
    const other = await tinyStart(dataset, tinyOptions({ train: rows, layers: 3, hiddenSize: 32 }));
    await checkpoints.save(start.state, null, progress);
    const saved = (await checkpoints.load())!;
    expect(() => restoreState(other.state, saved)).toThrow(/checkpoint.safetensors: tensor "bert\.\S+" has \d+ values/);
  });

  it('as a position that no stage has ends no run untrained', async () => {
    const out = join(root, 'beyond');
    const given = tinyOptions({ train: rows, out, method: 'bert', layers: 1, checkpointEvery: 2 });
    let steps = 0;
    const stop = new Error('stop');
    const broken = train(given, (event) => {
      if (event.kind === 'step' && ++steps === 4) throw stop;
    });
    await expect(broken).rejects.toBe(stop);
    const path = `${out}.checkpoint.safetensors`;
    // of the same length, so that the file stays whole
    writeFileSync(path, readFileSync(path).toString('latin1').replace('\\"stage\\":0', '\\"stage\\":7'), 'latin1');
    await expect(train({ ...given, resume: true }, () => {})).rejects.toMatchObject({
      code: 'MP_MODEL_FILE',
      message: expect.stringContaining('it is from stage 8, but this run has 1'),
    });
  });

  it('as a shared stage is refused in one sentence or taken whole', async () => {
    const folder = join(root, 'stages');
    const stages = new StageFolder(folder, start.state.config, { settings, later: ['path'] });
    await stages.set('path', { state: start.state, progress });
    const path = join(folder, readdirSync(folder)[0]);
    const bytes = readFileSync(path);
    const read = () => stages.get('path');
    expect((await read())?.progress).toEqual(progress);
    const one = (change: typeof damage) => () => writeFileSync(path, change(bytes));
    expect(await refused(400, one(damage), read)).toBeGreaterThan(150);
    expect(await refused(400, one(oddHeader), read)).toBeGreaterThan(150);
  });

  it('as a result is refused in one sentence or has the parts of one', async () => {
    const folder = join(root, 'result');
    mkdirSync(folder);
    const path = join(folder, 'result.json');
    const parts = { clock: {}, validation: {}, test: {}, data: {}, curve: [], drops: [], training: [], attention: [] };
    const named = { format: 1, task: 'rte', method: 'bert', seed: 0, baseline: 0.5, tau: null, thresholds: null };
    const dial = { maxDrop: 0.01, confidence: 0.95, points: [{}] };
    const result = { ...named, ...parts, dial, settings } as unknown as StoredResult;
    await writeResult(folder, result);
    const read = () => readResult(folder, settings);
    expect(await read()).toEqual(result);
    const text = readFileSync(path);
    expect(await refused(300, () => writeFileSync(path, damage(text)), read)).toBeGreaterThan(150);
    expect(await refused(300, () => writeFileSync(path, JSON.stringify(oddJson(result))), read)).toBeGreaterThan(150);
  });

  it('as training.json, or a configuration file, is refused in one sentence or read', async () => {
    const dir = join(root, 'model');
    mkdirSync(dir);
    const path = join(dir, 'training.json');
    const record = { options: { ...resolveTrainOptions({ train: rows, out: 'x', limit: 30 }), resume: false } };
    const text = Buffer.from(JSON.stringify(record));
    const read = () => validationRows(dir);
    expect(await refused(100, () => writeFileSync(path, damage(text)), read)).toBeGreaterThan(50);
    expect(await refused(150, () => writeFileSync(path, JSON.stringify(oddJson(record))), read)).toBeGreaterThan(50);
    const yaml = join(root, 'run.yaml');
    const lines = Buffer.from(
      'train: rows.csv\nout: x\nepochs: [3, 1]\nclassWeights:\n  ham: 1\n  constructor: 2\nlearning_rate: 5e-4\nresume: true\n',
    );
    const config = () => readConfigFile(yaml, trainTable);
    expect(Object.keys(await config().catch(() => ({})))).toEqual([]);
    writeFileSync(yaml, lines);
    expect(Object.keys(await config())).toHaveLength(6);
    expect(await refused(800, () => writeFileSync(yaml, damage(lines)), config)).toBeGreaterThan(200);
    expect(
      await refused(400, () => writeFileSync(yaml, JSON.stringify(oddJson({ ...record.options }))), config),
    ).toBeGreaterThan(100);
  });
});
