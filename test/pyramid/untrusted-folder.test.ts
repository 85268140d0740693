import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors, type StoredTensor, writeSafetensors } from '../../src/encoder/index.ts';
import { Pyramid } from '../../src/engine/index.ts';
import { readModelFolder } from '../../src/pyramid/folder/disk-model.ts';
import { infoFor } from '../../src/pyramid/folder/model-folder.ts';
import { randomModel } from '../support/random-model.ts';
import { bytesOf, type RawTensor, safetensorsBytes } from '../support/safetensors-bytes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
let sound: string;
beforeAll(async () => {
  ({ dir: sound } = await randomModel(root, 'sound', {
    seed: 2,
    kind: 'pooled',
    prunes: true,
    layers: 2,
    hiddenSize: 8,
  }));
});

let copies = 0;
type Json = Record<string, unknown>;
function copy(change: (config: Json & { pyramid: Json }) => void = () => {}): string {
  const dir = join(root, `copy-${copies++}`);
  cpSync(sound, dir, { recursive: true });
  const path = join(dir, 'config.json');
  const config = JSON.parse(readFileSync(path, 'utf8'));
  change(config);
  writeFileSync(path, JSON.stringify(config));
  return dir;
}
async function withWeights(change: (tensors: Map<string, StoredTensor>) => void): Promise<string> {
  const dir = copy();
  const path = join(dir, 'model.safetensors');
  const tensors = await readSafetensors(path);
  change(tensors);
  await writeSafetensors(path, tensors);
  return dir;
}
const refused = async (dir: string, code: string, sentence: RegExp) => {
  const start = performance.now();
  await expect(readModelFolder(dir)).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) });
  expect(performance.now() - start).toBeLessThan(1000);
};

describe('sizes that no file bears out', () => {
  it('are refused before anything is made of them', async () => {
    await refused(
      copy((c) => {
        c.num_hidden_layers = 1e9;
      }),
      'MP_MODEL_CONFIG',
      /num_hidden_layers is 1000000000, more than/,
    );
    // within what is read, and more than the weights have
    await refused(
      copy((c) => {
        c.num_hidden_layers = 256;
      }),
      'MP_MODEL_TENSOR_MISSING',
      /no tensor "bert\.encoder\.layer\.2\./,
    );
    await refused(
      copy((c) => {
        c.vocab_size = 4e6;
      }),
      'MP_MODEL_TENSOR_SHAPE',
      /word_embeddings\.weight" is \[205, 8\] but config\.json requires \[4000000, 8\]/,
    );
    await refused(
      copy((c) => {
        c.hidden_size = 32768;
      }),
      'MP_MODEL_TENSOR_SHAPE',
      /word_embeddings\.weight" is \[205, 8\]/,
    );
    await refused(
      copy((c) => {
        c.num_labels = 9;
        c.id2label = null;
      }),
      'MP_MODEL_LABELS',
      /there is no id2label, which means 9 labels, but classifier\.weight has 3 rows/,
    );
  });

  it('of config.json itself are bounded', async () => {
    const dir = copy();
    truncateSync(join(dir, 'config.json'), 600e6);
    await refused(dir, 'MP_MODEL_FILE', /config\.json: it has 573 MiB, more than the maximum of 8 MiB/);
  });

  it('of a weights file with a hole are checked against the available memory', async () => {
    const dir = copy((c) => {
      c.vocab_size = 4e6;
      c.hidden_size = 32768;
    });
    const bytes = 4e6 * 32768 * 4;
    const header = {
      'bert.embeddings.word_embeddings.weight': { dtype: 'F32', shape: [4e6, 32768], data_offsets: [0, bytes] },
    };
    const path = join(dir, 'model.safetensors');
    writeFileSync(path, safetensorsBytes(header, new Uint8Array()));
    truncateSync(path, readFileSync(path).length + bytes);
    await refused(dir, 'MP_MODEL_TENSOR_MISSING', /no tensor "bert\.embeddings\.position_embeddings\.weight"/);
    // and where all that is asked for is there
    const all = copy();
    const weights = join(all, 'model.safetensors');
    const stored = readFileSync(weights);
    const length = Number(stored.readBigUInt64LE(0));
    const more = JSON.parse(stored.subarray(8, 8 + length).toString());
    const end = stored.length - 8 - length;
    more['pyramid.more'] = { dtype: 'F32', shape: [bytes / 4], data_offsets: [end, end + bytes] };
    const file = safetensorsBytes(more, stored.subarray(8 + length));
    writeFileSync(weights, file);
    truncateSync(weights, file.length + bytes);
    await refused(
      all,
      'MP_MODEL_FILE',
      /its weights need [\d,]+ MiB of memory, and this machine has [\d,]+ MiB; use a smaller model/,
    );
  });

  it('of a header are bounded, and tensors are counted over all files', async () => {
    const dir = copy();
    const path = join(dir, 'model.safetensors');
    writeFileSync(path, safetensorsBytes({}, new Uint8Array(), { length: 2 ** 26 }));
    truncateSync(path, 2 ** 27);
    await refused(dir, 'MP_MODEL_FILE', /its header claims 67108864 bytes, more than the maximum of 8388608/);
    rmSync(path);
    const map = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`t${i}`, `shard-${i}.safetensors`]));
    writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    await refused(dir, 'MP_MODEL_FILE', /its weight_map names 3000 files, more than the maximum of 256/);
  });
});

describe('weights', () => {
  it.each<[string, string]>([
    ['the backbone', 'bert.encoder.layer.0.output.dense.weight'],
    ['the classifier', 'classifier.bias'],
    ['an exit head', 'pyramid.heads.1.out.weight'],
    ['the thresholds', 'pyramid.thresholds'],
  ])('that are not numbers in %s are refused by the tensor’s name', async (_, name) => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const dir = await withWeights((tensors) => tensors.get(name)!.data.fill(value, -1));
      await refused(dir, 'MP_MODEL_FILE', new RegExp(`tensor "${name}" has values that are not numbers`));
    }
  });

  it('that nobody asks for may be of any dtype and hold anything', async () => {
    const dir = await withWeights((tensors) =>
      tensors.set('cls.other', { shape: [1], data: Float32Array.of(Number.NaN) }),
    );
    const path = join(dir, 'model.safetensors');
    const stored = readFileSync(path);
    const length = Number(stored.readBigUInt64LE(0));
    const header = JSON.parse(stored.subarray(8, 8 + length).toString());
    const end = stored.length - 8 - length;
    let at = end;
    for (const dtype of ['I64', 'U16', 'F8_E4M3', 'F4', 'BOOL']) {
      const bytes = { I64: 8, U16: 2 }[dtype] ?? 1;
      header[`unused.${dtype}`] = { dtype, shape: [1], data_offsets: [at, at + bytes] };
      at += bytes;
    }
    writeFileSync(
      path,
      safetensorsBytes(header, new Uint8Array([...stored.subarray(8 + length), ...new Uint8Array(at - end)])),
    );
    expect((await readModelFolder(dir)).parameters).toEqual((await readModelFolder(sound)).parameters);
    // the same dtype where it is asked for
    header['classifier.bias'].dtype = 'I32';
    writeFileSync(
      path,
      safetensorsBytes(header, new Uint8Array([...stored.subarray(8 + length), ...new Uint8Array(at - end)])),
    );
    await refused(
      dir,
      'MP_MODEL_FILE',
      /tensor "classifier\.bias" has the dtype "I32", which is not supported; save the weights as F32, F16 or BF16/,
    );
  });

  it('that stand there twice under two names are refused', async () => {
    const dir = await withWeights((tensors) =>
      tensors.set('pooler.dense.bias', tensors.get('bert.pooler.dense.bias')!),
    );
    await refused(dir, 'MP_MODEL_FILE', /occurs twice, also as "/);
  });

  it('so large that no answer is a number end the loading, not each request', async () => {
    const dir = await withWeights((tensors) => tensors.get('classifier.weight')!.data.fill(3e38));
    await readModelFolder(dir); // they are numbers
    await expect(Pyramid.load(dir, { workers: 1 })).rejects.toMatchObject({
      code: 'MP_MODEL_LOGITS',
      message: expect.stringMatching(/^the model's layer 2 gives logits that are not numbers/),
    });
  });
});

describe('weights of other programs are told by what they are:', () => {
  const only = (name: string): string => {
    const dir = copy();
    renameSync(join(dir, 'model.safetensors'), join(dir, name));
    return dir;
  };

  it.each<[string, RegExp]>([
    [
      'pytorch_model.bin',
      /pytorch_model\.bin: it is weights in PyTorch's own format.*, and there is no model\.safetensors; python -c "from transformers .*from_pretrained\('.*copy-\d+'\)/,
    ],
    ['pytorch_model.bin.index.json', /PyTorch's own format/],
    ['tf_model.h5', /TensorFlow's format.*from_tf=True/],
    ['flax_model.msgpack', /Flax's format.*from_flax=True/],
    ['model.onnx', /an ONNX graph.*; use the model\.safetensors that it was exported from/],
    ['adapter_model.safetensors', /a LoRA adapter, which is only a part of a model.*merge_and_unload/],
  ])('%s', async (name, sentence) => {
    await refused(only(name), 'MP_MODEL_FILE', sentence);
  });

  it('an adapter has no config.json either', async () => {
    const dir = only('adapter_model.safetensors');
    rmSync(join(dir, 'config.json'));
    await refused(dir, 'MP_MODEL_FILE', /a LoRA adapter/);
  });

  it('and none where there is nothing', async () => {
    const dir = copy();
    rmSync(join(dir, 'model.safetensors'));
    await refused(dir, 'MP_FILE_MISSING', /model\.safetensors: no such weights file/);
  });
});

describe('a pyramid object', () => {
  it.each<[string, unknown, RegExp]>([
    ['method', 7, /pyramid\.method is 7, not a name/],
    ['exitTraining', 'never', /pyramid\.exitTraining is "never", not frozen or joint/],
    ['pairs', 'yes', /pyramid\.pairs is "yes", not true or false/],
    ['prunes', 1, /pyramid\.prunes is 1, not true or false/],
    ['headWidth', 1e9, /pyramid\.headWidth is 1000000000, not a multiple of 2 up to 32768/],
    ['headWidth', 7, /pyramid\.headWidth is 7/],
    ['temperature', 'warm', /pyramid\.temperature is "warm", not a number of 0 or more/],
    ['temperature', null, /pyramid\.temperature is null/],
    ['lambda', -1, /pyramid\.lambda is -1/],
    ['tau', '0.5', /pyramid\.tau is "0\.5", not null or a number from 0 to 1/],
    ['dtype', 'int4', /pyramid\.dtype is "int4", not fp32 or int8/],
    ['dtype', null, /pyramid\.dtype is null/],
    ['asked', [1], /pyramid\.asked is \[1\], not true or false for each of layers 1 to 1/],
    ['calibration', 'none', /pyramid\.calibration is not an object/],
    [
      'calibration',
      { curve: [[0.1, 'x']], baseline: 1 },
      /pyramid\.calibration\.curve is \[\[0\.1,"x"\]\], not a list of pairs of numbers/,
    ],
    ['calibration', { curve: [] }, /pyramid\.calibration has a curve but no baseline/],
    ['calibration', { baseline: null }, /pyramid\.calibration\.baseline is null, not a number/],
    ['forDtype', [], /pyramid\.forDtype is not an object/],
    ['forDtype', { int8: null }, /pyramid\.forDtype\.int8 is not an object/],
    ['forDtype', { int4: { tau: 0 } }, /pyramid\.forDtype\.int4 is not one of the dtypes/],
    ['forDtype', { int8: { tau: 2 } }, /pyramid\.forDtype\.int8\.tau is 2/],
    // what was checked once holds: it cannot be said again for one dtype
    [
      'forDtype',
      { int8: { tau: 0.5, maxLength: 1e9 } },
      /pyramid\.forDtype\.int8 has "maxLength", but only tau, tauFrom, certificate, abstention and calibration are allowed there/,
    ],
    ['forDtype', { int8: { tau: 0.5, pairs: true } }, /has "pairs"/],
    ['forDtype', { fp32: { tau: 0.5, asked: [] } }, /has "asked"/],
  ])('whose %s is %j is refused', async (key, value, sentence) => {
    const dir = copy(({ pyramid }) => {
      pyramid[key] = value;
    });
    await refused(dir, 'MP_MODEL_CONFIG', sentence);
  });

  it('is read where it says for another dtype what may be said', async () => {
    const dir = copy(({ pyramid }) => {
      pyramid.forDtype = { int8: { tau: 0.25 } };
    });
    const { info } = await readModelFolder(dir);
    expect(infoFor(info, 'int8')).toEqual({ ...info, tau: 0.25 });
  });

  const answers: [string, string, Json, RegExp][] = [
    [
      'thresholds for another number of labels',
      'multi_label_classification',
      { labelThresholds: [0.5] },
      /labelThresholds is \[0\.5\], not a number above 0 and below 1 for each of \d labels/,
    ],
    [
      'thresholds where a text has one label',
      'single_label_classification',
      { labelThresholds: [0.5, 0.5] },
      /labelThresholds, and the model is a single_label_classification/,
    ],
    [
      'a spread where there are no numbers',
      'multi_label_classification',
      { valueSpread: 1 },
      /valueSpread, and the model is a multi_label_classification/,
    ],
    [
      'exit heads for several numbers',
      'regression',
      { valueSpread: 1 },
      /the model gives \d numbers: exit heads are for one/,
    ],
  ];
  it.each(answers)('has no %s', async (_, problemType, more, message) => {
    const change = (config: Json & { pyramid: Json }) => {
      config.problem_type = problemType;
      Object.assign(config.pyramid, more, { format: 4 });
      delete config.pyramid.floor;
      delete config.pyramid.exitTemperatures;
    };
    await refused(copy(change), 'MP_MODEL_CONFIG', message);
  });

  it('is of format 4 exactly where it has thresholds or a spread', async () => {
    const change = (config: Json & { pyramid: Json }) => {
      config.pyramid.format = 4;
    };
    await refused(copy(change), 'MP_MODEL_CONFIG', /pyramid\.format is 4, and there is neither/);
  });
});

it.skipIf(process.platform === 'win32')('a named pipe in place of any file of the folder holds nobody up', async () => {
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
    const dir = copy();
    rmSync(join(dir, name));
    execFileSync('mkfifo', [join(dir, name)]);
    const start = performance.now();
    await expect(Pyramid.load(dir, { workers: 1 })).rejects.toMatchObject({ code: 'MP_MODEL_FILE' });
    expect(performance.now() - start).toBeLessThan(5000);
  }
});

it('weights in float64 are read where they are asked for', async () => {
  const path = join(copy(), 'model.safetensors');
  const tensors = await readSafetensors(path);
  const header: Record<string, RawTensor> = {};
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, { shape, data }] of tensors) {
    const bytes = bytesOf(Float64Array.from(data));
    header[name] = { dtype: 'F64', shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
    parts.push(bytes);
  }
  writeFileSync(path, safetensorsBytes(header, new Uint8Array(Buffer.concat(parts))));
  expect((await readModelFolder(join(path, '..'))).parameters).toEqual((await readModelFolder(sound)).parameters);
});
