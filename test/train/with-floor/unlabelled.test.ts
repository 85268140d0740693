/** Texts that nobody labelled: read, those that judge left out, answered by the network, learned by floor 0. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readModelFolder } from '../../../src/pyramid/folder/disk-model.ts';
import { softmax } from '../../../src/pyramid/logits.ts';
import type { Dataset } from '../../../src/text/index.ts';
import { StoredAnswers } from '../../../src/train/checkpoint/stored-answers.ts';
import type { OnTrainEvent, TrainEvent } from '../../../src/train/events.ts';
import { type GivenTrainOptions, train } from '../../../src/train/index.ts';
import { addHeads } from '../../../src/train/start/exit-heads.ts';
import { readRows } from '../../../src/train/start/rows.ts';
import { networkTrace } from '../../../src/train/trace/network-trace.ts';
import { answerTexts } from '../../../src/train/with-floor/answer-texts.ts';
import { HeadTexts } from '../../../src/train/with-floor/head-texts.ts';
import { readUnlabelled, type Text, unlabelledOf } from '../../../src/train/with-floor/unlabelled-texts.ts';
import { compile } from '../../support/cpu.ts';
import { scratchDataset, tinyOptions, tinyStart, writeRows } from '../../support/scratch-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const file = (name: string, content: string): string => {
  writeFileSync(join(root, name), content);
  return join(root, name);
};
const dataset = (texts: readonly string[]): Dataset => ({
  ...{ name: 'rows', labels: ['a', 'b'], pairs: false },
  examples: texts.map((text) => ({ text, label: 0 })),
});

describe('reading', () => {
  const notes: string[] = [];
  const read = (files: string[], { pairs = false, train = null as Dataset | null, judges = [] as Dataset[] } = {}) => {
    notes.length = 0;
    const columns = { text: null, pair: null, delimiter: null };
    return readUnlabelled({ ...columns, files, pairs, known: { train, judges }, onNote: (text) => notes.push(text) });
  };

  test('takes files of all kinds and patterns, each file once, those of a pattern by name', async () => {
    mkdirSync(join(root, 'week'));
    const txt = file('a.txt', 'one\ntwo\n');
    file('week/2.jsonl', '{"text": "five"}\n');
    file('week/1.csv', 'text\nthree\nfour\n');
    const texts = await read([txt, `${root}/week/*`, join(root, 'week', '1.csv')]);
    expect(texts.map(({ text }) => text)).toEqual(['one', 'two', 'three', 'four', 'five']);
    expect(notes).toEqual(['5 texts without labels']);
  });

  test('leaves out what judges, what is labelled and what is empty, spaces around it aside, and counts each', async () => {
    const path = file('some.txt', ' judged \nlabelled\n  \nnew\njudged\n');
    const texts = await read([path], { train: dataset(['labelled ']), judges: [dataset(['judged']), dataset(['x'])] });
    expect(texts).toEqual([{ text: 'new' }]);
    expect(notes).toEqual([
      '1 texts without labels; left out: 2 that are also rows to judge by, 1 that are also training rows, 1 that are empty',
    ]);
  });

  test('says that a column of labels is not used', async () => {
    const path = file('labelled.csv', 'text,label\none,a\ntwo,b\n');
    expect(await read([path])).toEqual([{ text: 'one' }, { text: 'two' }]);
    expect(notes[0]).toBe(`${path} has a column of labels, which is not used`);
  });

  test('tells pairs apart by both texts', async () => {
    const path = file('pairs.csv', 'text,pair\na,b\na,c\n');
    const known = { ...dataset([]), pairs: true, examples: [{ text: 'a', pair: 'b', label: 0 }] };
    expect(await read([path], { pairs: true, judges: [known] })).toEqual([{ text: 'a', pair: 'c' }]);
  });

  test('refuses what is not there, what is of the other kind, what is unreadable, and nothing at all', async () => {
    const single = file('single.txt', 'one\n');
    const pairs = file('two.csv', 'text,pair\na,b\n');
    await expect(read([join(root, 'none.csv')])).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
    await expect(read([`${root}/none-*.csv`])).rejects.toThrow(/no file matches .*none-\*\.csv; check the pattern/);
    await expect(read([single], { pairs: true })).rejects.toThrow('has single texts, the model reads pairs');
    await expect(read([pairs])).rejects.toThrow('has pairs, the model reads single texts');
    const broken = file('broken.jsonl', '{"text": "one"}\n{"text": 3}\n');
    await expect(read([broken])).rejects.toMatchObject({ code: 'MP_DATA_ROW', details: { line: 2 } });
    await expect(read([single], { train: dataset(['one']) })).rejects.toMatchObject({ code: 'MP_DATA_EMPTY' });
  });
});

describe('answering', () => {
  const rows = scratchDataset({ rows: 5000, longest: 5 });
  const texts: Text[] = rows.examples.map(({ text }) => ({ text }));
  let start: Awaited<ReturnType<typeof tinyStart>>;
  beforeAll(async () => {
    start = await tinyStart(rows, tinyOptions());
  });
  const how = (stored: StoredAnswers | null) => ({
    ...{ tokenizer: start.tokenizer, maxLength: 24, prunes: false, compile, stored },
  });

  test('gives the probabilities of the last layer, whatever the chunks', async () => {
    const scores = await answerTexts(start.state, texts, how(null));
    const { entries } = await networkTrace(start.state, start.set, { prunes: false, pairs: false, compile });
    const expected = entries.flatMap(({ logits }) => softmax(logits.at(-1)!));
    expect(Math.max(...scores.map((score, i) => Math.abs(score - expected[i])))).toBeLessThan(1e-5);
  });

  test('keeps whole chunks, and answers the others alone when it goes on', async () => {
    const stored = new StoredAnswers(join(root, 'run.checkpoint.safetensors'));
    const stop = new AbortController();
    const onEvent = ({ done }: { done: number }) => done > 2048 && stop.abort();
    const stopped = answerTexts(start.state, texts, { ...how(stored), onEvent, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(root).filter((name) => name.includes('.answers.'))).toEqual([
      'run.checkpoint.answers.0.safetensors',
    ]);
    const seen: number[] = [];
    const scores = await answerTexts(start.state, texts, { ...how(stored), onEvent: ({ done }) => seen.push(done) });
    expect(seen[0]).toBe(2048);
    expect(seen[1]).toBeGreaterThan(2048);
    expect(scores).toEqual(await answerTexts(start.state, texts, how(null)));
    // another network's are none of its own
    const other = { ...start.state, parameters: new Map(start.state.parameters) };
    const { shape, data } = other.parameters.get('classifier.bias')!;
    other.parameters.set('classifier.bias', { shape, data: data.map((x, i) => x + i) });
    const others = await answerTexts(other, texts.slice(0, 2048), how(stored));
    expect(Math.abs(others[0] - scores[0])).toBeGreaterThan(0.1);
    await stored.remove();
    expect(readdirSync(root).filter((name) => name.includes('.answers.'))).toEqual([]);
  });
});

test('a run learns floor 0 from them too, says how many, and leaves no answers behind', async () => {
  const rows = writeRows(root, 'train.csv', scratchDataset({ rows: 100 }));
  const unlabelled = file(
    'more.txt',
    scratchDataset({ rows: 300, seed: 5 })
      .examples.map(({ text }) => text)
      .join('\n'),
  );
  const events: TrainEvent[] = [];
  const out = join(root, 'with');
  const options = { ...tinyOptions({ train: rows, method: 'mp' }), unlabelled: [unlabelled] };
  await train({ ...options, out }, (event) => events.push(event));
  const record = JSON.parse(readFileSync(join(out, 'training.json'), 'utf8'));
  expect(record.options.unlabelled).toEqual([unlabelled]);
  const count = record.floor.unlabelled;
  expect(count).toBeGreaterThan(250);
  expect(count).toBeLessThanOrEqual(300);
  expect(record.floor.rows).toBe(90);
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain(`and ${count} texts without labels`);
  expect(events.some((event) => event.kind === 'floor' && event.phase === 'answers')).toBe(true);
  expect(existsSync(`${out}.checkpoint.answers.0.safetensors`)).toBe(false);
});

describe('exit heads', () => {
  const rows = () => writeRows(root, 'heads.csv', scratchDataset({ rows: 80 }));
  const more = (count: number, seed = 6) =>
    file(
      `heads-${count}-${seed}.txt`,
      scratchDataset({ rows: count, seed })
        .examples.map(({ text }) => text)
        .join('\n'),
    );
  const run = async (
    out: string,
    given: GivenTrainOptions = {},
    onEvent: OnTrainEvent = () => {},
    stop?: AbortSignal,
  ) => {
    const options = tinyOptions({ train: rows(), method: 'mp', layers: 4, ...given, out: join(root, out) });
    await train(options, onEvent, stop);
    return readModelFolder(join(root, out));
  };
  const stepsOfHeads = (events: readonly TrainEvent[]) =>
    events.filter((event) => event.kind === 'step' && event.stage === 'heads').length;

  test.each(['pooled', 'fastbert'] as const)(
    '%s learn from them in the last stage, and the network does not',
    async (exitHead) => {
      const given = { exitHead, exitTraining: 'frozen' } as const;
      const events: TrainEvent[] = [];
      const without = await run(`${exitHead} without`, given);
      const texts = [more(200)];
      const model = await run(`${exitHead} with`, { ...given, unlabelled: texts }, (event) => events.push(event));
      for (const [name, { data }] of without.parameters) expect(model.parameters.get(name)!.data).toEqual(data);
      expect(
        [...without.heads].some(([name, { data }]) => model.heads.get(name)!.data.some((x, i) => x !== data[i])),
      ).toBe(true);
      const { unlabelled } = JSON.parse(readFileSync(join(root, `${exitHead} with`, 'training.json'), 'utf8')).floor;
      expect(stepsOfHeads(events)).toBe(Math.ceil((72 + unlabelled) / 16));
      // one pass: floor 0 is told the same answers without the network being asked again
      const answers = events.filter((event) => event.kind === 'floor' && event.phase === 'answers');
      expect(answers.at(-1)).toMatchObject({ done: unlabelled, of: unlabelled });
      expect(events.lastIndexOf(answers.at(-1)!)).toBeLessThan(
        events.findIndex((event) => event.kind === 'step' && event.stage === 'heads'),
      );
    },
  );

  test('that train with the network meet them in the last stage alone, and are the same after a stop', async () => {
    const given = { unlabelled: [more(3000)], exitHead: 'pooled' } as const;
    const events: TrainEvent[] = [];
    const whole = await run('joint', given, (event) => events.push(event));
    const early = events.findIndex((event) => event.kind === 'floor' && event.phase === 'answers');
    expect(events.slice(0, early).some((event) => event.kind === 'step' && event.stage === 'hard')).toBe(true);
    const same = ({ heads, floor }: typeof whole) => {
      for (const [name, { data }] of whole.heads) expect(heads.get(name)!.data).toEqual(data);
      expect(floor!.weights).toEqual(whole.floor!.weights);
    };
    for (const [out, at] of Object.entries({ asking: 2048, learning: 100 })) {
      const stop = new AbortController();
      const onEvent = (event: TrainEvent) => {
        const isAsking = event.kind === 'floor' && event.phase === 'answers' && event.done > at;
        const isLearning = event.kind === 'step' && event.stage === 'heads' && event.step > at;
        if (out === 'asking' ? isAsking : isLearning) stop.abort();
      };
      const stopped = run(out, given, onEvent, stop.signal);
      await expect(stopped).rejects.toMatchObject({ code: 'MP_TRAIN_STOPPED', details: { stage: 'heads' } });
      const after: TrainEvent[] = [];
      same(await run(out, { ...given, resume: true }, (event) => after.push(event)));
      const first = after.find((event) => event.kind === 'floor' && event.phase === 'answers');
      expect(first).toMatchObject({ done: 2048 }); // the first chunk was kept
    }
  });

  test('are not gone on with from other texts than those that a run began with', async () => {
    const stop = new AbortController();
    const onEvent = (event: TrainEvent) => void (event.kind === 'stage' && event.stage === 'heads' && stop.abort());
    const begun = run('other', { unlabelled: [more(40)], exitTraining: 'frozen' }, onEvent, stop.signal);
    await expect(begun).rejects.toMatchObject({ code: 'MP_TRAIN_STOPPED' });
    writeFileSync(more(40), readFileSync(more(40, 7)));
    const resumed = run('other', { unlabelled: [join(root, 'heads-40-6.txt')], exitTraining: 'frozen', resume: true });
    await expect(resumed).rejects.toMatchObject({
      code: 'MP_RESUME_MISMATCH',
      details: { option: 'texts without labels' },
    });
  });

  test('of which not all fit are drawn from the seed, and that is said', async () => {
    const set = scratchDataset({ rows: 3000 });
    const { state, tokenizer } = await tinyStart(set, tinyOptions());
    addHeads(state, 'pooled', false, 1);
    const texts = set.examples.map(({ text }) => ({ text }));
    const all = new HeadTexts(state, 3000, 1);
    const few = new HeadTexts(state, 3000, 1, 500 * 4 * 2 * 32);
    const answering = { ...{ tokenizer, maxLength: 24, prunes: false, compile, stored: null } };
    const scores = await answerTexts(state, texts, { ...answering, heads: all });
    expect(await answerTexts(state, texts, { ...answering, heads: few })).toEqual(scores);
    expect(all.note).toBeNull();
    expect(few.note).toContain('learn from 500 of 3000 texts without labels');
    expect([...few.kept]).toEqual([...new HeadTexts(state, 3000, 1, 500 * 4 * 2 * 32).kept]);
    expect([...few.kept]).not.toEqual([...new HeadTexts(state, 3000, 2, 500 * 4 * 2 * 32).kept]);
    expect(few.texts.set.lengths).toHaveLength(500);
    const { features, teacher } = all.texts.inputs!;
    for (const [place, index] of few.kept.entries()) {
      const own = few.texts.inputs!;
      expect(own.features[1].subarray(place * 32, (place + 1) * 32)).toEqual(
        features[1].subarray(index * 32, (index + 1) * 32),
      );
      expect(own.teacher.subarray(place * 2, place * 2 + 2)).toEqual(teacher.subarray(index * 2, index * 2 + 2));
    }
  });
});

test('rows beyond the limit may stand for them, without their labels', async () => {
  const options = tinyOptions({
    ...{ method: 'mp', limit: 60, unlabelledRest: 30, seed: 4 },
    train: writeRows(root, 'many.csv', scratchDataset({ rows: 200 })),
  });
  const rows = await readRows(options);
  const notes: string[] = [];
  const texts = await unlabelledOf(options, rows, (text) => notes.push(text));
  const trained = new Set([...rows.train.examples, ...rows.validation.examples].map(({ text }) => text));
  expect(texts.length).toBeGreaterThan(20);
  expect(texts.length).toBeLessThanOrEqual(30);
  expect(texts.some(({ text }) => trained.has(text))).toBe(false);
  expect(texts.every((text) => !('label' in text))).toBe(true);
  expect(notes[0]).toMatch(/^of the training rows beyond the limit: \d+ texts without labels/);
  expect(await unlabelledOf({ ...options, method: 'bert' }, rows, () => {})).toEqual([]);
  expect(() => tinyOptions({ method: 'mp', unlabelledRest: 30 })).toThrow('unlabelledRest was given without limit');
});

test.each([
  ['linear', 'there is no network to answer the texts'],
  ['bert', 'there is no floor 0 to learn from them'],
] as const)('%s has no use for them', (method, what) => {
  expect(() => tinyOptions({ method, unlabelled: ['a.txt'] })).toThrow(what);
});
