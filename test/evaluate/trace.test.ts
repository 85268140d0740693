import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTrace, type Trace, writeTrace } from '../../src/evaluate/trace.ts';
import { randomTrace } from '../support/random-trace.ts';

const sum = { weight: 0.9, prior: [-1, 0, 0.5, 1], scale: 1.2 };

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trace-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('a trace on disk', () => {
  it.each(['none', 'cls', 'fastbert', 'pooled'] as const)('comes back as it was, with %s heads', async (headKind) => {
    const trace = randomTrace({ seed: 1, texts: 300, headKind, pairs: headKind === 'pooled' });
    const path = join(dir, `${headKind}.jsonl`);
    await writeTrace(path, trace);
    expect(await readTrace(path)).toEqual(trace);
  });

  it('comes back as it was, with projected embeddings', async () => {
    const trace = randomTrace({ seed: 1, texts: 30 });
    const projected = { ...trace, shape: { ...trace.shape, embeddingSize: 24 } };
    const path = join(dir, 'projected.jsonl');
    await writeTrace(path, projected);
    expect(await readTrace(path)).toEqual(projected);
  });

  it('comes back as it was, with disentangled attention', async () => {
    const trace = randomTrace({ seed: 1, texts: 30 });
    const distant = { ...trace, shape: { ...trace.shape, disentangled: { buckets: 256, span: 512 } } };
    const path = join(dir, 'disentangled.jsonl');
    await writeTrace(path, distant);
    expect(await readTrace(path)).toEqual(distant);
  });

  it('comes back as it was, with a floor', async () => {
    const trace = randomTrace({ seed: 1, texts: 30, floor: sum });
    const path = join(dir, 'floor.jsonl');
    await writeTrace(path, trace);
    expect(await readTrace(path)).toEqual(trace);
    expect(JSON.parse(await readFile(`${path}.meta.json`, 'utf8')).version).toBe(2);
  });

  it.each([undefined, sum])('comes back as it was, with temperatures and floor %o', async (floor) => {
    const trace = { ...randomTrace({ seed: 1, texts: 30, floor }), temperatures: [0.5, 1, 2, 1, 1.25, 0.75] };
    const path = join(dir, 'temperatures.jsonl');
    await writeTrace(path, trace);
    expect(await readTrace(path)).toEqual(trace);
    expect(JSON.parse(await readFile(`${path}.meta.json`, 'utf8')).version).toBe(3);
  });

  it('comes back with its unknown pieces, and without where they were not counted', async () => {
    const trace = randomTrace({ seed: 1, texts: 3 });
    const [first, ...others] = trace.entries;
    const counted = { ...trace, entries: [{ ...first, unknown: 2 }, ...others] };
    const path = join(dir, 'unknown.jsonl');
    await writeTrace(path, counted);
    expect(await readTrace(path)).toEqual(counted);
    await writeTrace(path, { ...trace, entries: [{ ...first, unknown: first.length + 1 }] });
    await expect(readTrace(path)).rejects.toThrow('"unknown" is not a whole number up to "length"');
  });

  it('of a floor without a network comes back as it was', async () => {
    const shape = { layers: 0, hiddenSize: 0, heads: 0, intermediateSize: 0, labels: 2 };
    const entries = [{ label: 1, length: 7, tokens: [7], logits: [], floor: [0.25, -0.25] }];
    const floor = { weight: 1, prior: [0, 0], scale: 1 };
    const trace: Trace = { shape, labels: ['a', 'b'], headKind: 'none', pairs: false, floor, entries };
    const path = join(dir, 'linear.jsonl');
    await writeTrace(path, trace);
    expect(await readTrace(path)).toEqual(trace);
    await writeTrace(path, { ...trace, entries: [{ ...entries[0], floor: null }] });
    await expect(readTrace(path)).rejects.toThrow('"floor" is not 2 finite numbers');
  });

  it('is one JSON object a text, and leaves nothing else but its description', async () => {
    const own = await mkdtemp(join(dir, 'own-'));
    const trace = randomTrace({ seed: 2, texts: 3 });
    await writeTrace(join(own, 't.jsonl'), trace);
    expect((await readdir(own)).toSorted()).toEqual(['t.jsonl', 't.jsonl.meta.json']);
    const lines = (await readFile(join(own, 't.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(trace.entries);
    expect(Object.keys(JSON.parse(lines[0]))).toEqual(['label', 'length', 'tokens', 'logits']);
    const { entries: _, ...rest } = trace;
    expect(JSON.parse(await readFile(join(own, 't.jsonl.meta.json'), 'utf8'))).toEqual({
      format: 'magic-pyramid/trace',
      version: 1,
      ...rest,
    });
  });

  it('that cannot be written says so and leaves no half file', async () => {
    await writeFile(join(dir, 'file'), '');
    const error = await writeTrace(join(dir, 'file', 'trace.jsonl'), randomTrace({ seed: 3 })).catch((e) => e);
    expect(error).toMatchObject({ code: 'MP_WRITE', exitCode: 1 });
    const own = await mkdtemp(join(dir, 'half-'));
    const trace = randomTrace({ seed: 3 });
    const entries = [...trace.entries];
    Object.defineProperty(entries, 150, {
      get() {
        throw new Error('disk full');
      },
    });
    await expect(writeTrace(join(own, 't.jsonl'), { ...trace, entries })).rejects.toMatchObject({ code: 'MP_WRITE' });
    expect(await readdir(own)).toEqual([]);
  });

  it('that is missing or empty is refused by name', async () => {
    await expect(readTrace(join(dir, 'none-such.jsonl'))).rejects.toMatchObject({ code: 'MP_FILE_MISSING' });
    const path = join(dir, 'empty.jsonl');
    await writeTrace(path, { ...randomTrace({ seed: 4 }), entries: [] });
    await expect(readTrace(path)).rejects.toMatchObject({ code: 'MP_DATA_EMPTY' });
    await rm(path);
    await expect(readTrace(path)).rejects.toMatchObject({ code: 'MP_FILE_MISSING', details: { path } });
  });

  const good = randomTrace({ seed: 5, texts: 2 });
  const [entry] = good.entries;
  const rows = entry.logits;
  it.each([
    ['not JSON', '{"label": 1', /:2: it is not a JSON object/],
    ['a number', '7', /not a JSON object/],
    ['an unknown label', { ...entry, label: 4 }, /"label" is not a whole number below 4/],
    ['no length', { ...entry, length: 0 }, /"length"/],
    ['too few token counts', { ...entry, tokens: entry.tokens.slice(1) }, /"tokens" are not 7 positive/],
    ['tokens that grow', { ...entry, tokens: [...entry.tokens.slice(0, -1), 999] }, /start at "length", or they rise/],
    ['tokens that start elsewhere', { ...entry, length: entry.length + 1 }, /start at "length"/],
    ['a missing layer', { ...entry, logits: rows.slice(1) }, /"logits" are not 6 rows/],
    ['a narrow row', { ...entry, logits: [[1, 2], ...rows.slice(1)] }, /"logits" of layer 1 are not 4 finite/],
    ['a null (NaN) logit', { ...entry, logits: [[1, 2, null, 4], ...rows.slice(1)] }, /"logits" of layer 1/],
    ['no classifier', { ...entry, logits: [...rows.slice(0, -1), []] }, /"logits" of layer 6/],
  ])('with %s in a line is refused, naming the line', async (name, row, message) => {
    const path = join(dir, `bad ${name}.jsonl`);
    await writeTrace(path, good);
    await writeFile(path, `${JSON.stringify(entry)}\n${typeof row === 'string' ? row : JSON.stringify(row)}\n`);
    const error = await readTrace(path).catch((e) => e);
    expect(error).toMatchObject({ code: 'MP_DATA_ROW', details: { path, line: 2 } });
    expect(error.message).toMatch(message);
  });

  it.each([
    ['another format', { format: 'x' }, /not the description of a trace/],
    ['a later version', { version: 5 }, /version 5 is not supported, only 1 to 4/],
    ['the version of other answers and none', { version: 4 }, /version 4 lacks "answers", which version 4 alone has/],
    ['the version of temperatures and none', { version: 3 }, /version 3 lacks "temperatures"/],
    [
      'temperatures and a version without',
      { temperatures: [1, 1, 1, 1, 1, 2], version: 2 },
      /version 2 has "temperatures"/,
    ],
    ['too few temperatures', { temperatures: [1, 2] }, /"temperatures" are not 6 numbers above 0/],
    ['a temperature of 0', { temperatures: [1, 1, 1, 1, 1, 0] }, /"temperatures" are not 6 numbers above 0/],
    ['the version of a floor and none', { version: 2 }, /version 2 lacks "floor"/],
    ['a floor and the version without', { floor: sum, version: 1 }, /version 1 has "floor"/],
    ['a prior that does not fit', { floor: { ...sum, prior: [0] } }, /"floor" is not a weight/],
    ['a negative weight', { floor: { ...sum, weight: -1 } }, /"floor" is not a weight/],
    ['a scale of 0', { floor: { ...sum, scale: 0 } }, /"floor" is not a weight/],
    ['a weight that makes answers infinite', { floor: { ...sum, weight: 1e308 } }, /"floor" is not a weight/],
    ['a temperature that does', { temperatures: [1, 1, 1, 1, 1, 1e308] }, /"temperatures" are not 6 numbers/],
    [
      'embeddings of no width',
      { shape: { ...good.shape, embeddingSize: 0 } },
      /"embeddingSize" is 0, not a positive whole number/,
    ],
    [
      'distances without buckets',
      { shape: { ...good.shape, disentangled: { buckets: 0, span: 512 } } },
      /"disentangled" is \{"buckets":0,"span":512\}, not "buckets" and "span"/,
    ],
    ['a shape without heads', { shape: { ...good.shape, heads: 0 } }, /"shape" lacks/],
    ['labels that do not fit', { labels: ['a'] }, /"labels" are not 4 names/],
    ['unknown heads', { headKind: 'x' }, /"headKind"/],
    ['pairs as a word', { pairs: 'yes' }, /"pairs"/],
    ['no heads but their logits', { headKind: 'none' }, /has no exit heads/],
  ])('whose description has %s is refused', async (name, change, message) => {
    const path = join(dir, `meta ${name}.jsonl`);
    await writeTrace(path, { ...good, ...(change as Partial<Trace>) });
    if ('format' in change || 'version' in change) {
      const meta = JSON.parse(await readFile(`${path}.meta.json`, 'utf8'));
      await writeFile(`${path}.meta.json`, JSON.stringify({ ...meta, ...change }));
    }
    await expect(readTrace(path)).rejects.toThrow(message);
  });
});
