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

describe('train, from the command line to the model folder', () => {
  let first: ReturnType<typeof call>;
  beforeAll(() => {
    writeFileSync(join(folder, 'train.csv'), rows(320, 0));
    writeFileSync(join(folder, 'test.csv'), rows(80, 1));
    const settings = { train_file: 'train.csv', test: 'test.csv', text: 'body', label: 'folder', maxLength: 24 };
    const network = { hiddenSize: 32, layers: 2, vocabularySize: 200, learningRate: 3e-3, epochs: [3, 1, 1, 1] };
    writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...settings, ...network, batchSize: 99 }));
    first = call('train', '--config', 'run.json', '--batch_size', '16', '--out', 'first', '--json');
  });

  test('learns, prints one JSON object, and shows each stage on standard error', () => {
    expect(first.status, first.stderr).toBe(0);
    const result = JSON.parse(first.stdout) as { out: string; metrics: Record<string, number> };
    expect(result).toMatchObject({ method: 'mp' });
    expect(result.metrics.accuracy).toBeGreaterThan(0.9);
    for (const stage of ['regular', 'soft', 'hard', 'heads'])
      expect(first.stderr).toContain(`mp, ${stage} stage: done`);
  });

  test('leaves a whole model folder and nothing beside it', () => {
    const files = ['config.json', 'model.safetensors', 'tokenizer.json', 'vocab.txt', 'training.json', 'README.md'];
    expect(readdirSync(join(folder, 'first'))).toEqual(expect.arrayContaining(files));
    expect(readdirSync(folder).sort()).toEqual(expect.arrayContaining(['first', 'run.json', 'test.csv', 'train.csv']));
    expect(readdirSync(folder).filter((name) => /tmp|checkpoint/.test(name))).toEqual([]);
  });

  test('stores the resolved options, and with them gives the same weights, bit for bit', () => {
    const { options } = JSON.parse(readFileSync(join(folder, 'first/training.json'), 'utf8')) as { options: object };
    expect(options).toMatchObject({ batchSize: 16, maxLength: 24, epochs: { regular: 3, soft: 1, hard: 1, heads: 1 } });
    writeFileSync(join(folder, 'again.json'), JSON.stringify(options));
    const second = call('train', '--config', 'again.json', '--out', 'second');
    expect(second.status, second.stderr).toBe(0);
    const weights = (name: string) => readFileSync(join(folder, name, 'model.safetensors'));
    expect(weights('second').equals(weights('first'))).toBe(true);
  });

  test('ends at the first Ctrl-C, and leaves no model folder', async () => {
    const args = ['train', '--config', 'run.json', '--batch-size', '16', '--epochs', '1000', '--out', 'interrupted'];
    const child = spawn(process.execPath, [resolve('dist/cli/main.js'), ...args], { cwd: folder });
    child.stderr.once('data', () => child.kill('SIGINT'));
    const [, signal] = (await once(child, 'exit')) as [number | null, string];
    expect(signal).toBe('SIGINT');
    expect(existsSync(join(folder, 'interrupted', 'model.safetensors'))).toBe(false);
  });

  test.each([
    ['an existing folder', 2, ['--out', 'first'], /first already holds a run; add --resume/],
    ['an unknown column', 2, ['--out', 'x', '--text', 'subject'], /no column "subject"; the columns are body, folder/],
    ['a missing file', 2, ['--out', 'x', '--validation', 'no.csv'], /no\.csv: no such file/],
    ['fewer rows than a batch', 1, ['--out', 'x', '--batch-size', '4096'], /rows are fewer than one batch of 4096/],
    ['weights for an unknown label', 2, ['--out', 'x', '--class-weights', 'eggs=2'], /names the label "eggs"/],
  ])('refuses %s in one sentence, and writes nothing', (_, status, args, message) => {
    const refused = call('train', '--config', 'run.json', '--batch-size', '16', ...args);
    expect([refused.status, refused.stdout]).toEqual([status, '']);
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });
});
