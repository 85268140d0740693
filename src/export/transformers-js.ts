/**
 * A model as a folder that transformers.js opens with its pipelines: the pyramid as onnx/model.onnx and, with int8 products, as
 * onnx/model_quantized.onnx, tau built in, since a pipeline passes no tau. Beside them the network's weights alone, so that
 * Python's transformers opens the folder too, as the dense network, and finds nothing in it that it does not know.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configJson, hasNetwork, underOwnNames, writeSafetensors } from '../encoder/index.ts';
import { PyramidError } from '../errors.ts';
import { knownOptions } from '../option.ts';
import { assertTau } from '../pyramid/exits/exit-rule.ts';
import { readModelFolder } from '../pyramid/folder/disk-model.ts';
import { DTYPES, type Dtype, json } from '../pyramid/folder/model-folder.ts';
import { loadTokenizer } from '../text/tokenizer/load-tokenizer.ts';
import { needEmptyFolder, writeFolder } from '../write-folder.ts';
import type { ExportOptions } from './export-model.ts';
import { type OnnxFile, onnxFile } from './onnx-file.ts';

/** Where the library looks for each. */
const FILES: Readonly<Record<Dtype, string>> = { fp32: 'model.onnx', int8: 'model_quantized.onnx' };

export interface ExportedFolder {
  readonly out: string;
  /** What is built into the file of each dtype. */
  readonly taus: Readonly<Record<Dtype, number | null>>;
}

/**
 * `tau` left out: the model's own for each dtype. Throws MP_USAGE for a model without a network, MP_OUT_EXISTS if `out` is not
 * empty, MP_TAU_RANGE, MP_WRITE, MP_FILE_MISSING and MP_MODEL_*.
 */
export async function exportTransformersJs(options: Omit<ExportOptions, 'dtype'>): Promise<ExportedFolder> {
  const { model: dir, out, tau } = knownOptions(options, ['model', 'out', 'tau']);
  if (tau !== undefined) assertTau(tau);
  const model = await readModelFolder(dir);
  if (!hasNetwork(model.config)) {
    throw new PyramidError('MP_USAGE', {
      what: `${dir} has no network, and transformers.js has no pipeline for floor 0 alone`,
      todo: 'export it with --to onnx',
    });
  }
  await needEmptyFolder(out);
  const tokenizer = await loadTokenizer(dir);
  const made = Object.fromEntries(
    DTYPES.map((dtype) => [dtype, onnxFile(model, tokenizer, { dtype, tau: tau === undefined ? 'model' : tau })]),
  ) as Record<Dtype, OnnxFile>;
  await writeFolder(out, 'config.json', async (folder) => {
    await mkdir(join(folder, 'onnx'));
    for (const dtype of DTYPES) await writeFile(join(folder, 'onnx', FILES[dtype]), made[dtype].bytes);
    await writeSafetensors(join(folder, 'model.safetensors'), underOwnNames(model.config, model.parameters));
    const { pyramid: _, ...config } = configJson(model.config);
    await writeFile(join(folder, 'config.json'), json(config));
    for (const [name, text] of Object.entries(tokenizer.files)) await writeFile(join(folder, name), text);
  });
  const taus = Object.fromEntries(DTYPES.map((dtype) => [dtype, made[dtype].tau ?? null]));
  return { out, taus: taus as Record<Dtype, number | null> };
}
