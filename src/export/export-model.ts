/** Writes a finished model in the form of another program: one ONNX file. */
import { stat, writeFile } from 'node:fs/promises';
import { PyramidError } from '../errors.ts';
import { knownOptions } from '../option.ts';
import { assertTau } from '../pyramid/exits/exit-rule.ts';
import { readModelFolder } from '../pyramid/folder/disk-model.ts';
import { type Dtype, dtypeOf } from '../pyramid/folder/model-folder.ts';
import { loadTokenizer } from '../text/tokenizer/load-tokenizer.ts';
import { writeFileWhole } from '../write-whole.ts';
import { onnxFile } from './onnx-file.ts';

export interface ExportOptions {
  /** Model folder. */
  readonly model: string;
  /** The file to write; one that is there is not replaced. */
  readonly out: string;
  /** Built in: a number, or null for off; left out: an input of the file, where the model has exits. */
  readonly tau?: number | null;
  /** Left out: what the folder says. */
  readonly dtype?: Dtype;
}

export interface Exported {
  readonly out: string;
  readonly bytes: number;
  readonly dtype: Dtype;
  /** What is built in; undefined: tau is an input. */
  readonly tau?: number | null;
}

/** Throws MP_USAGE, MP_TAU_RANGE, MP_OUT_EXISTS, MP_WRITE, MP_FILE_MISSING and MP_MODEL_*. */
export async function exportOnnx(options: ExportOptions): Promise<Exported> {
  const { model: dir, out, tau, dtype } = knownOptions(options, ['model', 'out', 'tau', 'dtype']);
  if (!out.endsWith('.onnx'))
    throw new PyramidError('MP_USAGE', { what: `--out ${out} does not end in .onnx`, todo: 'name the file to write' });
  if (tau !== undefined) assertTau(tau);
  // before the work; a device or a pipe is there to be written to
  if ((await stat(out).catch(() => null))?.isFile())
    throw new PyramidError('MP_OUT_EXISTS', { path: out, found: 'is there already' });
  const model = await readModelFolder(dir);
  const asked = dtype ?? dtypeOf(model.info);
  const file = onnxFile(model, await loadTokenizer(dir), { dtype: asked, tau: tau === undefined ? 'input' : tau });
  await writeFileWhole(out, (to) => writeFile(to, file.bytes));
  return { out, bytes: file.bytes.length, dtype: asked, ...(file.tau !== undefined && { tau: file.tau }) };
}
