/**
 * A model as one ONNX file: its graph, and what the file says of itself in `metadata_props`, so that whoever has the file alone
 * knows its labels and its tau.
 */
import { hasNetwork } from '../encoder/index.ts';
import type { WeightBits } from '../engine/int8.ts';
import { PyramidError } from '../errors.ts';
import { mebibytes } from '../folder.ts';
import { toOnnx, verify } from '../graph/index.ts';
import { mayExit } from '../pyramid/exits/exit-rule.ts';
import { floorLength } from '../pyramid/floor/index.ts';
import { type Dtype, infoFor, type PyramidModel } from '../pyramid/folder/model-folder.ts';
import { tauInWords } from '../pyramid/folder/tau-words.ts';
import { shapeOf } from '../pyramid/shape.ts';
import type { Tokenizer } from '../text/tokenizer/tokenizer.ts';
import { frameOf } from './given-tokens.ts';
import { pyramidGraph } from './pyramid-graph.ts';

export interface OnnxFileOptions {
  readonly dtype: Dtype;
  /** `input`: the file has an input `tau`; a number or null (off): built in; `model`: the model's own is built in. */
  readonly tau: 'input' | 'model' | number | null;
}

/**
 * Of whole-number weights in a file: it may come to a processor that adds two byte products in 16 bits, which 8 bits do not
 * fit.
 */
const FILE_BITS: WeightBits = 7;

/** Of a protobuf message. */
const MOST_BYTES = 2 ** 31;

/** Of the keys of `metadata_props`. */
const FORMAT = '1';

export interface OnnxFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Built in; undefined: an input. */
  readonly tau: number | null | undefined;
}

export function onnxFile(model: PyramidModel, tokenizer: Tokenizer, { dtype, tau }: OnnxFileOptions): OnnxFile {
  const { config, headSettings, floor } = model;
  const info = infoFor(model.info, dtype);
  const exits = mayExit({ headKind: headSettings.kind, hasFloor: floor !== null, shape: shapeOf(config) });
  const wanted = tau === 'model' ? info.tau : tau;
  if (typeof tau === 'number' && !exits) throw new PyramidError('MP_MODEL_HEADS', { method: info.method });
  const built = exits ? wanted : null;
  const graph = pyramidGraph(
    { ...model, info },
    { frame: frameOf(tokenizer), tau: built, bits: dtype === 'int8' ? FILE_BITS : null },
  );
  const problems = verify(graph);
  if (problems.length > 0) throw new Error(`internal: the graph of a whole model: ${problems.join('; ')}`);
  const metadata = {
    'magic_pyramid.format': FORMAT,
    'magic_pyramid.labels': JSON.stringify(config.labels),
    'magic_pyramid.problem_type': config.problemType,
    'magic_pyramid.tau': info.tau === null ? 'off' : String(info.tau),
    'magic_pyramid.tau_from': tauInWords(info),
    'magic_pyramid.tau_is': built === 'input' ? 'an input' : `built in: ${built ?? 'off'}`,
    'magic_pyramid.dtype': dtype,
    'magic_pyramid.max_length': String(hasNetwork(config) ? info.maxLength : 0),
    // without a limit floor 0 reads all of a text
    ...(floor &&
      floor.info.maxTokens !== null && { 'magic_pyramid.floor_max_length': String(floorLength(floor.info)) }),
    ...(config.problemType === 'multi_label_classification' && {
      'magic_pyramid.label_thresholds': JSON.stringify(info.labelThresholds ?? config.labels.map(() => 0.5)),
    }),
    ...(info.abstention && { 'magic_pyramid.unsure_below': String(info.abstention.minScore) }),
  };
  const bytes = toOnnx(graph, 'magic-pyramid', '', metadata);
  if (bytes.length >= MOST_BYTES)
    throw new PyramidError('MP_USAGE', {
      what: `the file would have ${mebibytes(bytes.length)}, and no runtime opens one of 2 GiB or more`,
      todo: dtype === 'int8' ? 'use a smaller model' : 'export with --dtype int8, or use a smaller model',
    });
  return {
    bytes,
    tau: built === 'input' ? undefined : built,
  };
}
