import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type EncoderConfig,
  initialise,
  type Parameters,
  parameterShapes,
  parseConfig,
  readWeights,
  type StoredTensor,
  WORD_EMBEDDINGS,
  writeSafetensors,
} from '../../src/encoder/index.ts';
import { PyramidError } from '../../src/errors.ts';
import { fileOf } from '../support/safetensors-bytes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SEED = 3;
const config: EncoderConfig = parseConfig(
  {
    vocab_size: 11,
    hidden_size: 8,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 12,
    max_position_embeddings: 6,
    id2label: { 0: 'ham', 1: 'spam', 2: 'unsure' },
  },
  'config.json',
);
const folder = temporaryFolder();
let folders = 0;
/** A new folder with these files' tensors. */
async function modelFolder(files: Readonly<Record<string, ReadonlyMap<string, StoredTensor>>>, index?: unknown) {
  const dir = join(folder, String(folders++));
  mkdirSync(dir);
  for (const [name, tensors] of Object.entries(files)) await writeSafetensors(join(dir, name), tensors);
  if (index !== undefined) {
    const text = typeof index === 'string' ? index : JSON.stringify(index);
    writeFileSync(join(dir, 'model.safetensors.index.json'), text);
  }
  return dir;
}

/** Every parameter with values of its own, by canonical name. */
const all: Parameters = new Map(
  [...parameterShapes(config)].map(([name, shape]) => [name, initialise(`${name}.any`, shape, SEED, 1)]),
);
const renamed = (rename: (name: string) => string | null): Map<string, StoredTensor> =>
  new Map([...all].flatMap(([name, tensor]) => (rename(name) === null ? [] : [[rename(name)!, tensor]])));
const without = (...gone: string[]) => renamed((name) => (gone.some((part) => name.startsWith(part)) ? null : name));
const replaced = (name: string, tensor: StoredTensor) => new Map([...all, [name, tensor]]);
const zeros = (...shape: number[]): StoredTensor => ({
  shape,
  data: new Float32Array(shape.reduce((n, dim) => n * dim, 1)),
});
const failure = (read: Promise<unknown>): Promise<PyramidError> =>
  read.then(
    () => {
      throw new Error('it was read');
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(PyramidError);
      expect((error as PyramidError).message).not.toContain('\n');
      return error as PyramidError;
    },
  );

describe('a checkpoint is read under canonical names', () => {
  const bare = (name: string) => name.replace(/^bert\./, '');
  const old = (name: string) =>
    name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');

  it.each<[string, (name: string) => string]>([
    ['with the bert. prefix', (name) => name],
    ['bare', bare],
    ['with gamma and beta', old],
    ['bare, with gamma and beta', (name) => bare(old(name))],
  ])('%s', async (_, rename) => {
    const names = renamed(rename);
    if (rename('bert.x') === 'x') expect([...names.keys()]).toContain('encoder.layer.0.output.dense.weight');
    const dir = await modelFolder({ 'model.safetensors': names });
    const { parameters, fresh, others } = await readWeights(dir, config);
    expect(parameters).toEqual(all);
    expect([...parameters.keys()]).toEqual([...parameterShapes(config).keys()]);
    expect(fresh).toEqual([]);
    expect(others.size).toBe(0);
  });

  it('with extra tensors: ours are kept, the rest is ignored', async () => {
    const tensors = new Map([
      ...all,
      ['pyramid.thresholds', zeros(2)],
      ['pyramid.heads.1.out.bias', zeros(3)],
      ['cls.predictions.bias', zeros(11)],
      ['bert.encoder.layer.2.output.dense.bias', zeros(8)],
    ] as [string, StoredTensor][]);
    const { parameters, others } = await readWeights(await modelFolder({ 'model.safetensors': tensors }), config);
    expect([...others.keys()].sort()).toEqual(['pyramid.heads.1.out.bias', 'pyramid.thresholds']);
    expect(parameters).toEqual(all);
  });

  it('with position ids as integers', async () => {
    const dir = await modelFolder({});
    const floats = Object.fromEntries(
      [...all].map(([name, { shape, data }]) => [name, { dtype: 'F32', shape: [...shape], data }]),
    );
    const ids = { dtype: 'I64', shape: [1, 6], data: BigInt64Array.of(0n, 1n, 2n, 3n, 4n, 5n) };
    writeFileSync(join(dir, 'model.safetensors'), fileOf({ 'bert.embeddings.position_ids': ids, ...floats }));
    expect((await readWeights(dir, config)).parameters).toEqual(all);
  });
});

describe('a sharded checkpoint', () => {
  const names = [...all.keys()];
  const part = (keep: (i: number) => boolean) => new Map([...all].filter((_, i) => keep(i)));
  const files = {
    'model-00001-of-00002.safetensors': part((i) => i % 2 === 0),
    'model-00002-of-00002.safetensors': part((i) => i % 2 === 1),
  };
  const map = Object.fromEntries(names.map((name, i) => [name, `model-0000${(i % 2) + 1}-of-00002.safetensors`]));

  it('is read whole by its index', async () => {
    const dir = await modelFolder(files, { metadata: { total_size: 1 }, weight_map: map });
    expect((await readWeights(dir, config)).parameters).toEqual(all);
  });

  it('gives way to a single file next to it', async () => {
    const single = replaced('classifier.bias', zeros(3));
    const dir = await modelFolder({ ...files, 'model.safetensors': single }, { weight_map: map });
    expect((await readWeights(dir, config)).parameters.get('classifier.bias')).toEqual(zeros(3));
  });

  it('without one of its files is MP_FILE_MISSING, naming the file', async () => {
    const dir = await modelFolder({ 'model-00001-of-00002.safetensors': all }, { weight_map: map });
    const { code, message } = await failure(readWeights(dir, config));
    expect(code).toBe('MP_FILE_MISSING');
    expect(message).toContain(join(dir, 'model-00002-of-00002.safetensors'));
  });

  it('whose files lack a tensor is MP_MODEL_TENSOR_MISSING, naming the index', async () => {
    const dir = await modelFolder(
      { 'a.safetensors': without('bert.pooler.dense.bias') },
      { weight_map: { [WORD_EMBEDDINGS]: 'a.safetensors' } },
    );
    const { code, message } = await failure(readWeights(dir, config));
    expect(code).toBe('MP_MODEL_TENSOR_MISSING');
    expect(message).toBe(
      `${join(dir, 'model.safetensors.index.json')}: there is no tensor "bert.pooler.dense.bias"; take weights that fit config.json`,
    );
  });

  it.each<[string, unknown]>([
    ['the folder above', '../outside.safetensors'],
    ['a folder within', 'inner/outside.safetensors'],
    ['an absolute path', '/tmp/outside.safetensors'],
    ['a Windows path', '..\\outside.safetensors'],
    ['a Windows drive', 'C:outside.safetensors'],
    ['another kind of file', 'config.json'],
    ['the folder above, plainly', '..'],
    ['nothing', ''],
    ['a number', 5],
    ['null', null],
  ])('whose index leads to %s is refused', async (_, file) => {
    // a file that would be read if the name were followed
    await writeSafetensors(join(folder, 'outside.safetensors'), all);
    const dir = await modelFolder({ 'a.safetensors': all }, { weight_map: { x: 'a.safetensors', y: file } });
    const { code, message } = await failure(readWeights(dir, config));
    expect(code).toBe('MP_MODEL_FILE');
    expect(message).toBe(
      `${join(dir, 'model.safetensors.index.json')}: its weight_map names ${JSON.stringify(file)}, which is not a safetensors file in this folder; the file is truncated or corrupt, copy it again`,
    );
  });

  it.each<[string, unknown, string]>([
    ['is not JSON', '{', 'it is not JSON'],
    ['is null', 'null', 'it has no weight_map'],
    ['has no weight_map', {}, 'it has no weight_map'],
    ['has a list for it', { weight_map: ['a.safetensors'] }, 'it has no weight_map'],
    ['has null for it', { weight_map: null }, 'it has no weight_map'],
  ])('whose index %s is MP_MODEL_FILE', async (_, index, problem) => {
    const dir = await modelFolder({ 'a.safetensors': all }, index);
    const { code, message } = await failure(readWeights(dir, config));
    expect(code).toBe('MP_MODEL_FILE');
    expect(message).toContain(`model.safetensors.index.json: ${problem}; `);
  });
});

describe('a checkpoint that does not fit', () => {
  it('because there is none is MP_FILE_MISSING', async () => {
    const dir = await modelFolder({});
    const { code, message } = await failure(readWeights(dir, config));
    expect(code).toBe('MP_FILE_MISSING');
    expect(message).toBe(`${join(dir, 'model.safetensors')}: no such weights file; check the path`);
  });

  it('because a tensor of the backbone is missing is an error, seed or not', async () => {
    const name = 'bert.encoder.layer.1.attention.self.key.weight';
    const dir = await modelFolder({ 'model.safetensors': without(name) });
    for (const options of [{}, { seed: SEED }]) {
      const { code, message } = await failure(readWeights(dir, config, options));
      expect(code).toBe('MP_MODEL_TENSOR_MISSING');
      expect(message).toContain(`model.safetensors: there is no tensor "${name}"`);
    }
  });

  it.each<[string, number[]]>([
    ['another width', [12, 7]],
    ['its axes the other way round', [8, 12]],
    ['an axis more', [12, 8, 1]],
    ['an axis less', [96]],
  ])('because a tensor has %s names both shapes, seed or not', async (_, shape) => {
    const name = 'bert.encoder.layer.0.intermediate.dense.weight';
    const dir = await modelFolder({ 'model.safetensors': replaced(name, zeros(...shape)) });
    for (const options of [{}, { seed: SEED }]) {
      const { code, message } = await failure(readWeights(dir, config, options));
      expect(code).toBe('MP_MODEL_TENSOR_SHAPE');
      expect(message).toContain(
        `tensor "${name}" is [${shape.join(', ')}] but config.json requires [12, 8]; take weights that fit config.json`,
      );
    }
  });
});

describe('a missing classifier', () => {
  const backbone = without('classifier', 'bert.pooler');

  it('is an error without a seed', async () => {
    const dir = await modelFolder({ 'model.safetensors': without('classifier') });
    const { code, message } = await failure(readWeights(dir, config));
    expect(code).toBe('MP_MODEL_TENSOR_MISSING');
    expect(message).toContain('there is no tensor "classifier.weight"');
  });

  it('and pooler are made from the seed: the same each time, others for another seed', async () => {
    const dir = await modelFolder({ 'model.safetensors': backbone });
    const read = (seed: number) => readWeights(dir, config, { seed });
    const first = await read(SEED);
    expect(first.fresh).toEqual([
      'bert.pooler.dense.weight',
      'bert.pooler.dense.bias',
      'classifier.weight',
      'classifier.bias',
    ]);
    expect((await read(SEED)).parameters).toEqual(first.parameters);
    const weight = first.parameters.get('classifier.weight')!;
    expect(weight.shape).toEqual([3, 8]);
    expect((await read(SEED + 1)).parameters.get('classifier.weight')).not.toEqual(weight);
    expect(first.parameters.get('classifier.bias')).toEqual(zeros(3));
    for (const [name, tensor] of backbone) expect(first.parameters.get(name), name).toEqual(tensor);
  });

  it('is drawn with the standard deviation that config.json names', async () => {
    const wide = parseConfig({ ...rawOf(config), hidden_size: 64, num_attention_heads: 4 }, 'config.json');
    const { data } = initialise('bert.pooler.dense.weight', [64, 64], SEED, wide.initializerRange);
    const deviation = Math.sqrt(data.reduce((total, value) => total + value * value, 0) / data.length);
    // 4,096 draws: the estimate's own deviation is 1.1 %, this is four of them
    expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(0.045);
  });

  it('counts for one of another number of labels with a seed, and is an error without', async () => {
    const tensors = new Map([...all, ['classifier.weight', zeros(2, 8)], ['classifier.bias', zeros(2)]] as [
      string,
      StoredTensor,
    ][]);
    const dir = await modelFolder({ 'model.safetensors': tensors });
    const { fresh, parameters } = await readWeights(dir, config, { seed: SEED });
    expect(fresh).toEqual(['classifier.weight', 'classifier.bias']);
    expect(parameters.get('classifier.weight')?.shape).toEqual([3, 8]);
    const { code, message } = await failure(readWeights(dir, config));
    expect(code).toBe('MP_MODEL_TENSOR_SHAPE');
    expect(message).toContain('tensor "classifier.weight" is [2, 8] but config.json requires [3, 8]');
  });

  it('does not excuse a pooler of another width', async () => {
    const dir = await modelFolder({ 'model.safetensors': replaced('bert.pooler.dense.bias', zeros(9)) });
    expect((await failure(readWeights(dir, config, { seed: SEED }))).code).toBe('MP_MODEL_TENSOR_SHAPE');
  });
});

describe('fresh parameters', () => {
  it('are BERT’s: LayerNorm 1 and 0, biases 0, the padding word’s row 0', () => {
    const made = (name: string) => initialise(name, parameterShapes(config).get(name)!, SEED, 0.02).data;
    expect(new Set(made('bert.encoder.layer.0.output.LayerNorm.weight'))).toEqual(new Set([1]));
    expect(new Set(made('bert.encoder.layer.0.output.LayerNorm.bias'))).toEqual(new Set([0]));
    expect(new Set(made('bert.encoder.layer.0.output.dense.bias'))).toEqual(new Set([0]));
    const words = made(WORD_EMBEDDINGS);
    expect(new Set(words.subarray(0, 8))).toEqual(new Set([0]));
    expect(words.subarray(8).every((value) => value !== 0)).toBe(true);
    expect(made('bert.encoder.layer.0.output.dense.weight')).not.toEqual(
      made('bert.encoder.layer.1.output.dense.weight'),
    );
  });
});

function rawOf({ raw }: EncoderConfig): Readonly<Record<string, unknown>> {
  return raw;
}
