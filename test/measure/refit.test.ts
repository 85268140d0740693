/** Floor 0 made anew from texts without labels, by the network of a model folder. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import { refit } from '../../src/measure/refit.ts';
import { runTrace } from '../../src/measure/run-trace.ts';
import { trainedWeights } from '../../src/measure/trained-weights.ts';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { train } from '../../src/train/index.ts';
import { fitTemperatures } from '../../src/train/with-floor/exit-temperatures.ts';
import { cli } from '../cli/fake.ts';
import { scratchDataset, tinyOptions, writeRows } from '../support/scratch-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const model = join(root, 'model');
const rows = scratchDataset({ rows: 200 });
const validation = scratchDataset({ rows: 80, seed: 3 });
const traffic = scratchDataset({ rows: 400, seed: 4 }).examples;
const unlabelled = [join(root, 'traffic.txt')];
const config = (dir: string) => JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));

beforeAll(async () => {
  writeFileSync(unlabelled[0], traffic.map(({ text }) => text).join('\n'));
  await train(
    tinyOptions({
      train: writeRows(root, 'rows.csv', rows),
      method: 'mp',
      floor: 'none',
      out: model,
      epochs: { regular: 4, soft: 1, hard: 1, heads: 2 },
    }),
  );
});

describe('refit', () => {
  test('gives a model a floor 0 that learned from the network alone, with a tau that keeps to its answers', async () => {
    const out = join(root, 'out');
    const made = await refit({ model, unlabelled, out });
    expect(made).toMatchObject({ out, rows: 0, by: 'held back', sum: { weight: 1, priorShare: 0 } });
    expect(made.texts + made.judged).toBeLessThanOrEqual(400);
    expect(made.judged).toBe(Math.floor((made.texts + made.judged) / 10));
    expect(made.right).toBeGreaterThanOrEqual(0.99);
    // forty texts certify nothing
    expect(made).toMatchObject({ tauFrom: 'chosen', certificate: null });
    expect(config(out).pyramid.tauFrom).toBe('chosen');
    const [before, after] = await Promise.all([model, out].map(readModelFolder));
    expect(before.floor).toBeNull();
    expect(after.floor!.info.labels).toBe(2);
    expect(after.info.tau).toBe(made.tau);
    // without labelled rows the exits are as sure as they were
    expect(before.info.exitTemperatures).toHaveLength(before.config.layers);
    expect(after.info).toMatchObject({ format: 3, exitTemperatures: before.info.exitTemperatures });
    for (const [name, { data }] of before.parameters) expect(after.parameters.get(name)!.data).toEqual(data);
    expect(readFileSync(join(out, 'README.md'), 'utf8').match(/## Floor 0, refitted/g)).toHaveLength(1);
    const { refit: record } = JSON.parse(readFileSync(join(out, 'training.json'), 'utf8'));
    expect(record.floor.unlabelled).toBe(made.texts);
    const columns = { text: null, pair: null, delimiter: null };
    expect(record.files).toEqual({ unlabelled, train: null, validation: null, ...columns });
  });

  test('chooses w, k and tau by validation rows where there are some, and learns from labelled rows too', async () => {
    const out = join(root, 'judged');
    const made = await refit({ model, unlabelled, train: rows, validation, out });
    expect(made).toMatchObject({ by: 'validation', judged: 80, rows: 200 });
    const { pyramid } = config(out);
    expect(pyramid.floor.sum).toEqual(made.sum);
    // of the sums with the new floor 0, on these rows
    const trace = await runTrace(out, validation);
    expect(pyramid.exitTemperatures).toEqual(fitTemperatures(trace));
    expect(pyramid.exitTemperatures).not.toEqual(config(model).pyramid.exitTemperatures);
    expect(made.right).toBeGreaterThan(0.5);
  });

  test('certifies tau on texts held back, with no label at all, where they are enough', async () => {
    const many = join(root, 'many.txt');
    const texts = scratchDataset({ rows: 2000, seed: 6 }).examples.map(({ text }) => text);
    writeFileSync(many, texts.join('\n'));
    const out = join(root, 'certified');
    const made = await refit({ model, unlabelled: [many], maxDisagreement: 0.05, confidence: 0.9, seed: 2, out });
    const held = Math.floor((made.texts + made.judged) / 4);
    expect(made).toMatchObject({ by: 'held back', judged: held, tauFrom: 'certified', rowsNeeded: null });
    const { certificate, tau } = made;
    expect(certificate).toMatchObject({
      risk: 'disagreement',
      maxRisk: 0.05,
      confidence: 0.9,
      labelled: 0,
      rows: held,
    });
    expect(certificate!.disagreement.upper).toBeLessThanOrEqual(0.05);
    expect(made.right).toBeCloseTo(1 - certificate!.disagreement.estimate, 12);
    // what is read of the folder is what was certified
    expect((await readModelFolder(out)).info).toMatchObject({ tau, tauFrom: 'certified', certificate });
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toMatch(
      /\n## The dial\n\nFor fp32: tau [\d.]+, certified: it answers otherwise than the model run to the end on at most 5 % of the texts, at 90 % confidence \(500 texts, without labels: /,
    );
  });

  test('certifies tau on calibration rows, which choose nothing, and says how many it would take', async () => {
    const out = join(root, 'calibrated');
    const calibration = scratchDataset({ rows: 300, seed: 7 });
    const wanted = { model, unlabelled, validation, calibration };
    const other300 = scratchDataset({ rows: 300, seed: 11 });
    const made = await refit({ ...wanted, maxDrop: 0.2, out });
    expect(made).toMatchObject({ by: 'calibration', judged: 300, tauFrom: 'certified' });
    expect(made.certificate).toMatchObject({ risk: 'net-drop', rows: 300, labelled: 300, maxRisk: 0.2 });
    expect((await readModelFolder(out)).info.certificate).toMatchObject(made.certificate!);
    const other = await refit({ ...wanted, calibration: other300, maxDrop: 0.2, out: join(root, 'same') });
    expect(made.sum).toEqual(other.sum); // chosen on the validation rows alone
    const short = await refit({ ...wanted, maxDrop: 0.001, out: join(root, 'short') });
    expect(short).toMatchObject({ tauFrom: 'chosen', certificate: null });
    expect(short.rowsNeeded).toBeGreaterThan(300);
  });

  test('in place leaves the folder as it was but for floor 0, and again with the same result', async () => {
    const copy = join(root, 'copy');
    cpSync(model, copy, { recursive: true });
    await refit({ model: copy, unlabelled });
    const once = readFileSync(join(copy, 'floor.safetensors'));
    // the figures beside it were of the floor 0 before
    const stale = ['trace.jsonl', 'trace.jsonl.meta.json', 'report.json', 'report.html'];
    const kept = readdirSync(model).filter((name) => !stale.includes(name));
    expect(kept.length).toBeLessThan(readdirSync(model).length);
    expect(readdirSync(copy).sort()).toEqual([...kept, 'floor.safetensors'].sort());
    await refit({ model: copy, unlabelled });
    expect(readFileSync(join(copy, 'floor.safetensors')).equals(once)).toBe(true);
    expect(readFileSync(join(copy, 'README.md'), 'utf8').match(/## Floor 0, refitted/g)).toHaveLength(1);
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
    await (await Pyramid.load(copy, { workers: 1 })).close();
  });

  test('stopped, or without enough texts, it changes nothing', async () => {
    const before = config(model);
    const stop = new AbortController();
    const onEvent = (event: { kind: string; phase?: string }) => event.phase === 'strength' && stop.abort();
    await expect(refit({ model, unlabelled, onEvent, signal: stop.signal })).rejects.toThrow();
    const few = join(root, 'few.txt');
    writeFileSync(few, 'one\ntwo\n');
    await expect(refit({ model, unlabelled: [few] })).rejects.toThrow('2 texts are too few');
    await expect(refit({ model, unlabelled, out: model })).rejects.toMatchObject({ code: 'MP_OUT_EXISTS' });
    const reused = { ...validation, name: 'again.csv', examples: validation.examples.slice(0, 3) };
    await expect(refit({ model, unlabelled, validation, calibration: reused })).rejects.toThrow(
      'again.csv: 3 of 3 rows are also training or validation rows',
    );
    await expect(refit({ model, unlabelled, maxDrop: 2 })).rejects.toThrow('maxDrop is 2');
    await expect(refit({ model, unlabelled, confidence: 1 })).rejects.toThrow('confidence is 1');
    expect(config(model)).toEqual(before);
    expect(existsSync(join(model, 'floor.safetensors'))).toBe(false);
  });
});

test('a refit that is stopped while the network answers goes on with the chunks that are done, to the same floor 0', async () => {
  const many = join(root, 'many.txt');
  const { examples } = scratchDataset({ rows: 3000, seed: 8 });
  writeFileSync(many, examples.map(({ text }, i) => `${text} ${i}`).join('\n'));
  const [whole, again] = [join(root, 'whole'), join(root, 'again')];
  await refit({ model, unlabelled: [many], out: whole });
  const stop = new AbortController();
  const done: number[] = [];
  const follow = (event: TrainEvent) => {
    if (event.kind === 'floor' && event.phase === 'answers') done.push(event.done);
  };
  const onEvent = (event: TrainEvent) => {
    follow(event);
    if (done.at(-1)! > 2048) stop.abort('enough');
  };
  // a slash at the end names the same folder
  await expect(refit({ model, unlabelled: [many], out: `${again}/`, onEvent, signal: stop.signal })).rejects.toBe(
    'enough',
  );
  const left = () => readdirSync(root).filter((name) => name.startsWith('again.'));
  expect(left()).toEqual(['again.refit.answers.0.safetensors']);
  done.length = 0;
  await refit({ model, unlabelled: [many], out: again, onEvent: follow });
  expect(done[0]).toBe(2048);
  expect(done[1]).toBeGreaterThan(2048);
  expect(left()).toEqual([]);
  const floorOf = (dir: string) => readFileSync(join(dir, 'floor.safetensors'));
  expect(floorOf(again).equals(floorOf(whole))).toBe(true);
});

test.each([
  ['auto', [1.5, 0.75]],
  [{ b: 3 }, [1, 3]],
  ['none', null],
])('class weights %j are those of the training', async (classWeights, expected) => {
  const record = {
    options: { classWeights },
    data: {
      train: {
        labels: [
          { label: 'a', rows: 20 },
          { label: 'b', rows: 40 },
        ],
      },
    },
  };
  const dir = mkdtempSync(join(root, 'weights-'));
  expect(await trainedWeights(dir, ['a', 'b'])).toBeNull();
  writeFileSync(join(dir, 'training.json'), JSON.stringify(record));
  expect(await trainedWeights(dir, ['a', 'b'])).toEqual(expected);
  writeFileSync(join(dir, 'training.json'), JSON.stringify({ options: { classWeights: 7 } }));
  await expect(trainedWeights(dir, ['a', 'b'])).rejects.toThrow('options.classWeights are not none, auto');
});

test('a model that was trained with class weights gets a floor 0 with them', async () => {
  const weighted = join(root, 'weighted');
  cpSync(model, weighted, { recursive: true });
  const path = join(weighted, 'training.json');
  const record = JSON.parse(readFileSync(path, 'utf8'));
  const [first] = record.data.train.labels;
  record.options.classWeights = { [first.label]: 5 };
  writeFileSync(path, JSON.stringify(record));
  const [plain, heavy] = [join(root, 'plain weights'), join(root, 'heavy weights')];
  await refit({ model, unlabelled, train: rows, out: plain });
  await refit({ model: weighted, unlabelled, train: rows, out: heavy });
  const share = async (dir: string) => (await readModelFolder(dir)).floor!.prior[0];
  expect(await share(heavy)).toBeGreaterThan((await share(plain)) + 0.2);
});

test('the command says what came of it, and what is missing', async () => {
  const refitted = { out: 'm', texts: 900, rows: 0, sum: { weight: 1, priorShare: 0 }, by: 'held back', judged: 100 };
  const services = {
    model: async () => 'm',
    refit: async () => {
      const found = { tau: 0.3, tauFrom: 'chosen', certificate: null, rowsNeeded: 1900 };
      return { ...refitted, ...found, right: 0.995, atFloor: 0.7, seconds: 4 } as never;
    },
  };
  const done = await cli(['refit', '--model', root, '--unlabelled', 'a.txt', 'b.txt'], services);
  expect(done.stdout).toBe(
    'm: floor 0 made anew from 900 texts in 4 s. It has tau 0.3, chosen, not certified: a certificate needs about 1,900 texts held back. On 100 texts held back it answers 99.5 % as run to the end; floor 0 answers 70.0 % of them.\n',
  );
  // one delimited file is enough for a delimiter, whatever the others are
  const args = ['--model', root, '--unlabelled', 'a.txt', '--validation', 'v.jsonl', '--calibration', 'c.csv'];
  const delimited = await cli(['refit', ...args, '--delimiter', ';'], {
    ...services,
    labelledRows: async () => rows,
    freshRows: async (_, given) => given,
  });
  expect([delimited.code, delimited.stderr]).toEqual([0, '']);
  expect((await cli(['refit', '--model', root], services)).stderr).toContain('--unlabelled is missing');
  expect((await cli(['refit', '--model', 'a/b', '--unlabelled', 'a.txt'], services)).stderr).toContain(
    'a/b is not a folder here, and a model of the hub needs --out',
  );
});
