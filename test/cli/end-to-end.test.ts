import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'train-'));
afterAll(() => rmSync(folder, { recursive: true }));
const call = (...args: string[]) =>
  spawnSync(process.execPath, [resolve('dist/cli/main.js'), ...args], { encoding: 'utf8', cwd: folder });

/** Rows whose label is told by one word among others. */
function rows(n: number, seed: number): string {
  const random = randomStream(seed, 'rows');
  const filler = ['the', 'meeting', 'is', 'at', 'noon', 'with', 'all', 'of', 'us', 'today'];
  const lines = Array.from({ length: n }, (_, i) => {
    const words = Array.from({ length: 4 + random.integer(12) }, () => filler[random.integer(filler.length)]);
    words[random.integer(words.length)] = i % 2 ? 'lottery' : 'agenda';
    return `"${words.join(' ')}",${i % 2 ? 'spam' : 'ham'}`;
  });
  return `body,folder\n${lines.join('\n')}\n`;
}

describe('from the command line to a model and its answers', () => {
  let first: ReturnType<typeof call>;
  beforeAll(() => {
    writeFileSync(join(folder, 'train.csv'), rows(320, 0));
    writeFileSync(join(folder, 'test.csv'), rows(80, 1));
    const settings = { train_file: 'train.csv', test: 'test.csv', text: 'body', label: 'folder', maxLength: 24 };
    const network = { hiddenSize: 32, layers: 2, vocabularySize: 200, learningRate: 3e-3, epochs: [3, 1, 1, 1] };
    writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...settings, ...network, batchSize: 99 }));
    first = call('train', '--config', 'run.json', '--batch_size', '16', '--out', 'first', '--json');
  });

  test('train learns, prints one JSON object, and shows each stage on standard error', () => {
    expect(first.status, first.stderr).toBe(0);
    const result = JSON.parse(first.stdout) as { out: string; metrics: Record<string, number> };
    expect(result).toMatchObject({ method: 'mp' });
    expect(result.metrics.accuracy).toBeGreaterThan(0.9);
    for (const stage of ['regular', 'soft', 'hard', 'heads'])
      expect(first.stderr).toContain(`mp, ${stage} stage: done`);
  });

  test('train leaves a complete model folder and nothing else', () => {
    const files = ['config.json', 'model.safetensors', 'tokenizer.json', 'vocab.txt', 'training.json', 'README.md'];
    expect(readdirSync(join(folder, 'first'))).toEqual(expect.arrayContaining(files));
    const card = readFileSync(join(folder, 'first', 'README.md'), 'utf8');
    expect(card).toContain(
      "token thresholds and pooled exit heads (trained jointly with the network, from the stage soft on, by the main classifier's answers)",
    );
    expect(readdirSync(folder).sort()).toEqual(expect.arrayContaining(['first', 'run.json', 'test.csv', 'train.csv']));
    expect(readdirSync(folder).filter((name) => /tmp|checkpoint/.test(name))).toEqual([]);
  });

  test('train puts its model on the clock: the same figures in the result, training.json and, first, the model card', () => {
    const { clock, tau } = JSON.parse(first.stdout) as { tau: number; clock: Record<string, number> };
    expect(clock).toMatchObject({ rows: 'validation', texts: expect.any(Number), msPerTextBert: null });
    expect(clock.msPerText).toBeGreaterThan(0);
    expect(clock.msPerTextToTheEnd).toBeGreaterThan(0);
    expect(Object.keys(clock.machine)).toEqual(['cpu', 'threads']);
    expect(JSON.parse(readFileSync(join(folder, 'first/training.json'), 'utf8')).clock).toEqual(clock);
    const card = readFileSync(join(folder, 'first', 'README.md'), 'utf8');
    const figures = card.slice(card.indexOf('| on the test rows'));
    expect(figures.split('\n')[2]).toMatch(new RegExp(`^\\| time at tau ${tau} \\| .* ms a text, .* texts a second`));
    expect(figures.indexOf('time of the same model')).toBeLessThan(figures.indexOf('accuracy'));
    expect(figures.indexOf('accuracy')).toBeLessThan(figures.indexOf('operations'));
  });

  test('train stores the resolved options, and with them gives the same weights, bit for bit', () => {
    const { options } = JSON.parse(readFileSync(join(folder, 'first/training.json'), 'utf8')) as { options: object };
    expect(options).toMatchObject({ batchSize: 16, maxLength: 24, epochs: { regular: 3, soft: 1, hard: 1, heads: 1 } });
    writeFileSync(join(folder, 'again.json'), JSON.stringify(options));
    const second = call('train', '--config', 'again.json', '--out', 'second');
    expect(second.status, second.stderr).toBe(0);
    const weights = (name: string) => readFileSync(join(folder, name, 'model.safetensors'));
    expect(weights('second').equals(weights('first'))).toBe(true);
  });

  test('train says and stores the Δ_L that the length of the texts led to', () => {
    const { options, delta } = JSON.parse(readFileSync(join(folder, 'first/training.json'), 'utf8'));
    expect(options.delta).toBe('auto');
    expect(first.stderr).toContain(
      `Δ_L (the last layer's initial threshold) is ${delta}, from the mean length of the texts`,
    );
  });

  test('train ends at the first Ctrl-C, and leaves no model folder', async () => {
    const args = ['train', '--config', 'run.json', '--batch-size', '16', '--epochs', '1000', '--out', 'interrupted'];
    const child = spawn(process.execPath, [resolve('dist/cli/main.js'), ...args], { cwd: folder });
    child.stderr.on('data', (chunk) => {
      if (String(chunk).includes('epoch 1 done')) child.kill('SIGINT');
    });
    const [code] = (await once(child, 'exit')) as [number | null, string];
    expect(code).toBe(130);
    expect(existsSync(join(folder, 'interrupted', 'model.safetensors'))).toBe(false);
  });

  test.each([
    [
      'an existing folder',
      2,
      ['--out', 'first'],
      /first holds a finished run; use or delete it, or give another --out/,
    ],
    ['an unknown column', 2, ['--out', 'x', '--text', 'subject'], /no column "subject"; the columns are body, folder/],
    ['a missing file', 2, ['--out', 'x', '--validation', 'no.csv'], /no\.csv: no such file/],
    ['fewer rows than a batch', 1, ['--out', 'x', '--batch-size', '4096'], /rows are fewer than one batch of 4096/],
    ['weights for an unknown label', 2, ['--out', 'x', '--class-weights', 'eggs=2'], /names the label "eggs"/],
  ])('train refuses %s in one sentence, and writes nothing', (_, status, args, message) => {
    const refused = call('train', '--config', 'run.json', '--batch-size', '16', ...args);
    expect([refused.status, refused.stdout]).toEqual([status, '']);
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });

  test("evaluate judges held-out rows, at the model's own tau or at another, and agrees with training", () => {
    const rows = ['--test', 'test.csv', '--text', 'body', '--label', 'folder', '--json'];
    const judged = (...more: string[]) => {
      const { status, stdout, stderr } = call('evaluate', '--model', 'first', ...rows, ...more);
      expect([status, stderr]).toEqual([0, '']);
      return JSON.parse(stdout) as {
        n: number;
        tau: number | null;
        accuracy: number;
        speedup: { paper: number | null; actual: number };
      };
    };
    const { metrics } = JSON.parse(first.stdout) as { metrics: Record<string, number> };
    const off = judged('--tau', 'off');
    expect(off).toMatchObject({ n: 80, tau: null, accuracy: metrics.accuracy });
    const own = judged();
    expect(own.accuracy).toBeCloseTo(metrics.accuracyAtTau, 9);
    expect(own.speedup.actual).toBeCloseTo(metrics.speedupActual, 6);
    // none where every text leaves at floor 0
    expect(own.speedup.paper ?? 0).toBeCloseTo(metrics.speedupPaper ?? 0, 6);
    expect(judged('--tau', '1').speedup.actual).toBeGreaterThanOrEqual(own.speedup.actual);
  });

  test('predict answers a file, standard input and arguments alike, in order and silently', () => {
    const file = call('predict', '--model', 'first', '--file', 'test.csv', '--text', 'body');
    expect([file.status, file.stderr]).toEqual([0, '']);
    const answers = (stdout: string) =>
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { label: string; score: number });
    const expected = rows(80, 1).trimEnd().split('\n').slice(1);
    const right = answers(file.stdout).filter(({ label }, i) => expected[i].endsWith(`,${label}`));
    expect(answers(file.stdout)).toHaveLength(80);
    expect(right.length).toBeGreaterThan(72);
    const texts = expected.slice(0, 3).map((line) => line.split('"')[1]);
    const typed = answers(call('predict', '--model', 'first', ...texts).stdout);
    const piped = spawnSync(process.execPath, [resolve('dist/cli/main.js'), 'predict', '--model', 'first'], {
      cwd: folder,
      encoding: 'utf8',
      input: texts.join('\n'),
    });
    for (const [i, answer] of typed.entries()) {
      expect(answer.label).toBe(answers(file.stdout)[i].label);
      expect(answer.score).toBeCloseTo(answers(file.stdout)[i].score, 5);
      expect(answers(piped.stdout)[i].score).toBeCloseTo(answer.score, 5);
    }
  });

  test('predict ends quietly when the reader of its output has gone', () => {
    const predict = `"${process.execPath}" ${resolve('dist/cli/main.js')} predict --model first`;
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['-c', `yes agenda | { ${predict}; echo "code $?" >&2; } | head -1`],
      { cwd: folder, encoding: 'utf8', timeout: 30_000 },
    );
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stderr.replace(/yes:.*\n/, '')).toBe('code 0\n');
  });

  test.each([
    ['a folder that is missing', 2, './no-model', /no such/],
    ['a folder that is no model', 2, '.', /no such/],
  ])('predict refuses %s in one sentence', (_, status, model, message) => {
    const refused = call('predict', '--model', model, 'text');
    expect([refused.status, refused.stdout]).toEqual([status, '']);
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
