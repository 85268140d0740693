/**
 * What training says of input that it cannot use, through the command line: one sentence, the exit code, and nothing
 * left behind.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { realServices } from '../../src/cli/real-services.ts';
import { readSafetensors, writeSafetensors } from '../../src/encoder/index.ts';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import type { TrainOptions } from '../../src/train/options/defaults.ts';
import { resolvedConfig } from '../../src/train/options/resolve.ts';
import { runTraining } from '../../src/train/train.ts';
import { cli, type Outcome } from '../cli/fake.ts';
import { cpu } from '../support/cpu.ts';
import { scratchDataset, tinyOptions, writeRows } from '../support/scratch-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const dataset = scratchDataset({ rows: 48 });
const rows = writeRows(root, 'rows.csv', dataset);
const write = (name: string, text: string): string => {
  writeFileSync(join(root, name), text);
  return join(root, name);
};

const SIZES =
  '--vocabulary-size 120 --hidden-size 16 --heads 2 --layers 3 --intermediate-size 32 --max-length 24 --batch-size 8 --epochs 1,1,1,1 --threads 1';
let runs = 0;
/** A folder of its own for the output of each run. */
const newFolder = (): string => {
  const folder = join(root, `out-${runs++}`);
  mkdirSync(folder);
  return folder;
};

interface Ran extends Outcome {
  /** What lies where the output was to go. */
  readonly left: readonly string[];
}

async function trainWith(args: string, folder = newFolder()): Promise<Ran> {
  const words = `train ${SIZES} ${args} --out`.split(' ').filter(Boolean);
  const outcome = await cli([...words, join(folder, 'model')], realServices);
  return { ...outcome, left: readdirSync(folder).sort() };
}

function expectRefused({ code, stdout, stderr, left }: Ran, exitCode: number, sentence: string | RegExp): void {
  const lines = stderr.trim().split('\n');
  expect(lines.filter((line) => line.startsWith('error: '))).toHaveLength(1);
  const last = lines.at(-1)!;
  expect(last).toMatch(/^error: /);
  // no "internal", and no ": undefined" of a sentence made from the wrong details
  expect(last).not.toMatch(/internal|undefined|null|--debug/);
  if (typeof sentence === 'string') expect(last).toContain(sentence);
  else expect(last).toMatch(sentence);
  expect(code).toBe(exitCode);
  expect(stdout).toBe('');
  expect(left).toEqual([]);
}

describe('rows that cannot be trained on', () => {
  const headed = (lines: readonly string[]) => `text,label\n${lines.join('\n')}\n`;
  const good = dataset.examples.map(({ text, label }) => `${text},${dataset.labels[label]}`);

  it.each<[string, number, string | RegExp, () => string]>([
    ['a missing file', 2, 'nowhere.csv: no such file; check the path', () => `--train ${join(root, 'nowhere.csv')}`],
    [
      'a folder in place of a file',
      2,
      /folder\.csv is a folder, not a file; check the path$/,
      () => {
        mkdirSync(join(root, 'folder.csv'), { recursive: true });
        return `--train ${join(root, 'folder.csv')}`;
      },
    ],
    [
      'a delimiter for files that have none',
      2,
      /--delimiter was given, and no file of rows is csv or tsv; leave it out$/,
      () => `--train ${write('rows.jsonl', '{"text": "a", "label": "b"}')} --delimiter ;`,
    ],
    ['an empty file', 1, 'empty.csv: the file holds no rows', () => `--train ${write('empty.csv', '')}`],
    [
      'a file of a header alone',
      1,
      'header.csv: the file holds no rows',
      () => `--train ${write('header.csv', 'text,label\n')}`,
    ],
    [
      'a malformed row, by file and line, with how many more there are',
      1,
      /rows-odd\.csv:4: .*\(and 1 more such row: line \d+\); fix or remove the row$/,
      () =>
        `--train ${write('rows-odd.csv', headed([...good.slice(0, 2), 'no label here', ...good.slice(2), 'nor here']))}`,
    ],
    [
      'a label in the validation rows that training has not',
      1,
      /unseen\.csv:3: label "topic 7" does not occur in the training data; the labels are topic 0, topic 1$/,
      () => `--train ${rows} --validation ${write('unseen.csv', headed([good[0], 'a text,topic 7']))}`,
    ],
    [
      'a label in the test rows that training has not',
      1,
      /unseen-test\.csv:2: label "other"/,
      () => `--train ${rows} --test ${write('unseen-test.csv', headed(['a text,other']))}`,
    ],
    [
      'one class only',
      1,
      'one.csv: every row has the label "topic 0"; training needs at least two labels',
      () => `--train ${write('one.csv', headed(good.filter((_, i) => i % 2 === 0)))}`,
    ],
    [
      'heads that set two texts beside each other, for rows of one',
      2,
      /--exit-head aligned compares two texts, but the rows have one; give --exit-head pooled, or auto$/,
      () => `--train ${rows} --exit-head aligned`,
    ],
    [
      'fewer rows than a batch',
      1,
      /few\.csv: \d rows are fewer than one batch of 8; add rows or lower --batch-size/,
      () => `--train ${write('few.csv', headed(good.slice(0, 5)))}`,
    ],
    [
      'a column that is not there, naming those that are',
      2,
      'rows.csv: no column "body"; the columns are text, label',
      () => `--train ${rows} --text body`,
    ],
    [
      'an unknown format',
      2,
      'rows.xml: the file name does not tell the format',
      () => `--train ${write('rows.xml', '<a/>')}`,
    ],
    [
      'validation rows that are none',
      1,
      'none.csv: the file holds no rows',
      () => `--train ${rows} --validation ${write('none.csv', 'text,label\n')}`,
    ],
  ])('%s', async (_, exitCode, sentence, args) => {
    expectRefused(await trainWith(args()), exitCode, sentence);
  });

  it('so few that a tenth of them is none, and no validation rows', async () => {
    const few = write('four.csv', headed(good.slice(0, 4)));
    expectRefused(await trainWith(`--train ${few} --batch-size 2`), 2, /four\.csv: .*--validation/);
  });
});

describe('texts that are odd but good', () => {
  it('are truncated if they are too long: counted, with one note', async () => {
    const long = dataset.examples.map(({ text, label }, i) => `${i < 10 ? `${text} `.repeat(9) : text},topic ${label}`);
    const file = write('long.csv', `text,label\n${long.join('\n')}\n`);
    const { code, stderr, left } = await trainWith(
      `--train ${file} --validation ${rows} --test ${rows} --method mp --max-length 24`,
    );
    expect({ code, left }, stderr).toEqual({ code: 0, left: ['model'] });
    const said = stderr.split('\n').filter((line) => line.includes('longer than'));
    expect(said).toEqual(['note: 10 of 48 training texts are longer than 24 tokens and were truncated']);
  });

  it('are classified where they are empty', async () => {
    const texts = dataset.examples.map(({ text, label }, i) => `${i % 8 === 3 ? '' : `"${text}"`},topic ${label}`);
    const file = write('blank.csv', `text,label\n${texts.join('\n')}\n`);
    const { code, stderr, stdout, left } = await trainWith(
      `--train ${file} --validation ${file} --test ${file} --method mp`,
    );
    expect({ code, left }, stderr).toEqual({ code: 0, left: ['model'] });
    expect(stdout).toContain('accuracy');
    expect(stdout).not.toContain('NaN');
  });
});

describe('a model folder that cannot be trained on', () => {
  let model: string;
  beforeAll(async () => {
    const folder = newFolder();
    expect((await trainWith(`--train ${rows} --method bert`, folder)).code).toBe(0);
    model = join(folder, 'model');
  });

  /** A copy of a sound model, spoilt. */
  function spoilt(spoil: (file: (name: string) => string) => void): string {
    const copy = join(root, `model-${runs++}`);
    cpSync(model, copy, { recursive: true });
    spoil((name) => join(copy, name));
    return copy;
  }
  const config = (change: object) =>
    spoilt((file) => {
      const stored = JSON.parse(readFileSync(file('config.json'), 'utf8'));
      writeFileSync(file('config.json'), JSON.stringify({ ...stored, ...change }));
    });
  const from = (folder: string) => trainWith(`--model ${folder} --train ${rows}`);

  it('trains on a sound one', async () => {
    expect((await from(spoilt(() => {}))).code).toBe(0);
  });

  it('no folder', async () => {
    expectRefused(await from(join(root, 'nowhere')), 2, /nowhere: no such model folder; check the path/);
  });

  it('another architecture', async () => {
    expectRefused(await from(config({ model_type: 'gpt2' })), 1, 'model_type is "gpt2"; this version reads bert');
  });

  it('a configuration that is not JSON', async () => {
    const folder = spoilt((file) => writeFileSync(file('config.json'), '{"model_type": '));
    expectRefused(await from(folder), 1, 'config.json: it is not JSON');
  });

  it.each<[string, (path: string) => void]>([
    ['of no bytes', (path) => truncateSync(path, 0)],
    ['cut within its header', (path) => truncateSync(path, 200)],
    ['cut within its values', (path) => truncateSync(path, readFileSync(path).length - 1000)],
    ['with a corrupt header', (path) => writeFileSync(path, readFileSync(path).fill(0xff, 8, 40))],
    ['that is something else', (path) => writeFileSync(path, 'these are no weights at all\n')],
  ])('weights %s', async (_, spoil) => {
    const folder = spoilt((file) => spoil(file('model.safetensors')));
    expectRefused(await from(folder), 1, /model\.safetensors: .*the file is truncated or corrupt, copy it again$/);
  });

  it('no weights', async () => {
    const folder = spoilt((file) => writeFileSync(`${file('')}/model.bin`, ''));
    const empty = join(root, `model-${runs++}`);
    mkdirSync(empty);
    for (const name of readdirSync(folder))
      if (name !== 'model.safetensors') cpSync(join(folder, name), join(empty, name));
    expectRefused(await from(empty), 2, 'model.safetensors: no such weights file');
  });

  it('a tensor of the wrong shape, and one that is missing', async () => {
    expectRefused(
      await from(config({ intermediate_size: 48 })),
      1,
      /tensor "bert\.encoder\.layer\.0\.intermediate\.dense\.weight" is \[32, 16\] but config\.json requires \[48, 16\]/,
    );
    expectRefused(
      await from(config({ num_hidden_layers: 4 })),
      1,
      'there is no tensor "bert.encoder.layer.3.attention.self.query.weight"',
    );
  });

  it('a vocabulary that does not match the word embeddings', async () => {
    const smaller = spoilt(() => {});
    const path = join(smaller, 'model.safetensors');
    const tensors = new Map(await readSafetensors(path));
    const name = 'bert.embeddings.word_embeddings.weight';
    tensors.set(name, { shape: [20, 16], data: tensors.get(name)!.data.slice(0, 320) });
    await writeSafetensors(path, tensors);
    const stored = JSON.parse(readFileSync(join(smaller, 'config.json'), 'utf8'));
    writeFileSync(join(smaller, 'config.json'), JSON.stringify({ ...stored, vocab_size: 20 }));
    expectRefused(await from(smaller), 1, /the vocabulary's ids go up to \d+, but the word embeddings have 20 rows/);
  });

  it('too few positions for --max-length', async () => {
    expectRefused(
      await trainWith(`--model ${model} --train ${rows} --max-length 64`),
      2,
      "--max-length 64 is more than the model's 24 positions; lower it",
    );
  });
});

describe('impossible settings', () => {
  it('exits of a network that has no earlier layer to exit at', async () => {
    expectRefused(
      await trainWith(`--train ${rows} --layers 1 --method fastbert`),
      2,
      'a network of one layer has no earlier layer to exit at, which --method fastbert needs; give --layers 2',
    );
  });

  it('a weight for a label that there is none of', async () => {
    expectRefused(
      await trainWith(`--train ${rows} --class-weights spam=2`),
      2,
      /names the label "spam"; the labels are topic 0, topic 1$/,
    );
  });
});

describe('a loss that is not finite', () => {
  const diverging = (given: Partial<TrainOptions>, folder = newFolder()) => {
    const events: TrainEvent[] = [];
    const options = {
      ...tinyOptions({ train: rows, out: join(folder, 'model'), epochs: { regular: 1, soft: 1, hard: 1, heads: 1 } }),
      checkpointEvery: 1,
      warmup: 0,
      ...given,
    };
    return { folder, events, running: runTraining(options, cpu, (event) => events.push(event)) };
  };
  it('stops the run, names step and stage, and leaves no checkpoint of bad weights', async () => {
    const { folder, running } = diverging({ learningRate: 1e30, method: 'bert' });
    await expect(running).rejects.toMatchObject({
      code: 'MP_TRAIN_LOSS',
      exitCode: 1,
      details: { stage: 'regular', step: 2 },
    });
    await expect(running).rejects.toThrow(
      /at step 2 of the regular stage; the last good checkpoint is .*lower --learning-rate/,
    );
    expect(readdirSync(folder)).toEqual(['model.checkpoint.safetensors']);
  });

  it('keeps the last checkpoint, whole and finite, and says where', async () => {
    const { folder, running } = diverging({
      headLearningRate: 1e30,
      exitTraining: 'frozen',
      method: 'fastbert',
      headBatchSize: 16,
    });
    const checkpoint = join(folder, 'model.checkpoint.safetensors');
    await expect(running).rejects.toMatchObject({ details: { stage: 'heads', checkpoint } });
    const tensors = await readSafetensors(checkpoint);
    expect(tensors.size).toBeGreaterThan(50);
    for (const [name, { data }] of tensors) expect(data.every(Number.isFinite), name).toBe(true);
  });

  it('leaves a run that can be resumed, from before the stage that failed', async () => {
    const folder = newFolder();
    // no checkpoint but those at the end of an epoch: the last is that of the regular stage
    const failing = { headLearningRate: 1e30, exitTraining: 'frozen', method: 'fastbert', checkpointEvery: 0 } as const;
    await expect(diverging(failing, folder).running).rejects.toMatchObject({ code: 'MP_TRAIN_LOSS' });
    const again = diverging({ ...failing, resume: true }, folder);
    await expect(again.running).rejects.toMatchObject({ code: 'MP_TRAIN_LOSS', details: { stage: 'heads' } });
    expect(again.events.flatMap((event) => (event.kind === 'stage' ? [event.stage] : []))).toEqual(['heads']);
  });

  it('says so where no checkpoint was due', async () => {
    const { folder, running } = diverging({ learningRate: 1e30, method: 'bert', checkpointEvery: 0 });
    await expect(running).rejects.toThrow('there is no earlier checkpoint');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a full disk', () => {
  it.skipIf(!existsSync('/dev/full'))('ends the run, and keeps the checkpoint before (needs /dev/full)', async () => {
    const folder = newFolder();
    const checkpoint = join(folder, 'model.checkpoint.safetensors');
    let saved: Buffer | null = null;
    const options = { ...tinyOptions({ train: rows, out: join(folder, 'model'), method: 'bert' }), checkpointEvery: 2 };
    const running = runTraining(options, cpu, (event) => {
      if (saved || event.kind !== 'step' || !existsSync(checkpoint)) return;
      saved = readFileSync(checkpoint);
      symlinkSync('/dev/full', `${checkpoint}.writing`);
    });
    await expect(running).rejects.toMatchObject({ code: 'MP_WRITE', exitCode: 1 });
    await expect(running).rejects.toThrow(/no space left on device.*no partial file was left behind$/);
    expect(readdirSync(folder)).toEqual([basename(checkpoint)]);
    expect(readFileSync(checkpoint).equals(saved!)).toBe(true);
    // with room again, the run goes on
    await runTraining({ ...options, resume: true }, cpu, () => {});
    expect(readdirSync(folder)).toEqual(['model']);
  });

  it.skipIf(process.platform === 'win32')(
    'is one sentence, and leaves nothing (a limit on file sizes stands in)',
    () => {
      const folder = newFolder();
      const command = `ulimit -f 24; exec "$@"`;
      const args = `train ${SIZES} --train ${rows} --method bert --out ${join(folder, 'model')}`.split(' ');
      const { status, stderr } = spawnSync(
        'bash',
        ['-c', command, 'bash', process.execPath, 'dist/cli/main.js', ...args],
        {
          encoding: 'utf8',
        },
      );
      expectRefused(
        { code: status ?? -1, stdout: '', stderr, left: readdirSync(folder) },
        1,
        /model\.checkpoint\.safetensors: cannot write \(.*file too large.*\); no partial file was left behind$/i,
      );
    },
  );
});

describe('an existing output folder', () => {
  it('is left alone without --resume', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'model'));
    writeFileSync(join(folder, 'model', 'mine.txt'), 'mine');
    const { code, stderr, left } = await trainWith(`--train ${rows}`, folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*model is not empty; empty it, or give another --out\n$/);
    expect(left).toEqual(['model']);
    expect(readFileSync(join(folder, 'model', 'mine.txt'), 'utf8')).toBe('mine');
  });

  it('as a checkpoint is too; with other arguments --resume refuses it, naming what differs', async () => {
    const folder = newFolder();
    const options = tinyOptions({ train: rows, out: join(folder, 'model'), method: 'bert', checkpointEvery: 2 });
    const stop = new Error('stop here');
    let steps = 0;
    const interrupted = runTraining(options, cpu, (event) => {
      if (event.kind === 'step' && ++steps === 5) throw stop;
    });
    await expect(interrupted).rejects.toBe(stop);
    const checkpoint = join(folder, 'model.checkpoint.safetensors');
    const before = readFileSync(checkpoint);
    const on = (given: Partial<TrainOptions>) => runTraining({ ...options, resume: true, ...given }, cpu, () => {});

    await expect(runTraining(options, cpu, () => {})).rejects.toMatchObject({ code: 'MP_OUT_EXISTS', exitCode: 2 });
    await expect(on({ learningRate: 1e-3 })).rejects.toMatchObject({
      code: 'MP_RESUME_MISMATCH',
      exitCode: 2,
      message: `${checkpoint}: the run there used learningRate 0.002, this one uses 0.001; give the same arguments, or another --out`,
    });
    // on the command line by its flag
    const flags = `train --config ${write('options.json', JSON.stringify(resolvedConfig(options)))}`;
    const { code, stderr } = await cli([...flags.split(' '), '--resume', '--learning-rate', '1e-3'], realServices);
    expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([
      2,
      `error: ${checkpoint}: the run there used --learning-rate 0.002, this one uses 0.001; give the same arguments, or another --out`,
    ]);
    for (const given of [
      { seed: 9 },
      { method: 'mp' },
      { batchSize: 16 },
      { checkpointEvery: 3 },
      { threads: 2 },
      { maxLength: 16 },
    ] as const)
      await expect(on(given), JSON.stringify(given)).rejects.toMatchObject({
        code: 'MP_RESUME_MISMATCH',
        details: { option: Object.keys(given)[0] },
      });
    // other rows under the same name
    const kept = readFileSync(rows);
    writeFileSync(
      rows,
      readFileSync(rows, 'utf8')
        .replace(/^(.*),/m, 'text,')
        .replace('the', 'The'),
    );
    await expect(on({})).rejects.toMatchObject({ code: 'MP_RESUME_MISMATCH', details: { option: 'training rows' } });
    writeFileSync(rows, kept);
    expect(readFileSync(checkpoint).equals(before)).toBe(true);

    await on({});
    expect(readdirSync(folder)).toEqual(['model']);
    expect((await readModelFolder(join(folder, 'model'))).info.method).toBe('bert');
  });

  it('of a finished run, or of something else, is left alone with --resume too', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'model'));
    writeFileSync(join(folder, 'model', 'mine.txt'), 'mine');
    const { code, stderr, left } = await trainWith(`--train ${rows} --resume`, folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: .*model has no checkpoint beside it: either the run is finished, or it is not a run; .*\n$/,
    );
    expect(left).toEqual(['model']);
    expect(readFileSync(join(folder, 'model', 'mine.txt'), 'utf8')).toBe('mine');
  });

  it('as a spoilt checkpoint is one sentence', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'model.checkpoint.safetensors'), 'not a checkpoint at all');
    const { code, stderr } = await trainWith(`--train ${rows} --resume`, folder);
    expect(code).toBe(1);
    expect(stderr.split('\n').filter((line) => line.startsWith('error: '))).toEqual([
      expect.stringMatching(/^error: .*model\.checkpoint\.safetensors: .*truncated or corrupt/),
    ]);
  });
});
