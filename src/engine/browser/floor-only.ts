/**
 * Floor 0 alone, on the caller's thread: for places with neither workers nor room for a network, such as functions at the edge.
 * It answers what it is sure of, at once and synchronously. Knows no network, no runtime and no files.
 */
import { hasNetwork } from '../../encoder/index.ts';
import { PyramidError } from '../../errors.ts';
import type { Folder } from '../../folder.ts';
import { floorOf, outlineOf } from '../../pyramid/folder/model-folder.ts';
import { devices } from '../../runtime/devices.ts';
import { tokenizerOf } from '../../text/tokenizer/tokenizer.ts';
import { type Answer, answerOf } from '../answer.ts';
import { type ClassifyOptions, checkedOptions } from '../classify-options.ts';
import { describeModel } from '../describe-model.ts';
import { checkText, type TextInput } from '../inputs.ts';
import type { ModelDescription } from '../workers/messages.ts';
import { inMemory } from './url-folder.ts';

/** Gives the content of a file of a model folder by its name; null: there is no such file. */
export type ReadFile = (name: string) => Promise<ArrayBuffer | Uint8Array | null>;

/** Floor 0 of a model, opened by `openFloor`. */
export interface OpenFloor {
  /** The answers that it may give. */
  readonly labels: readonly string[];
  /** The model's own tau; null: none. */
  readonly tau: number | null;
  /** There is a network too, which is not here: other texts need it. */
  readonly hasNetwork: boolean;
  /**
   * The answer of floor 0, `exit` 0; null: it is not sure enough at this tau, and the network would be asked. A model without a
   * network answers every text. Throws MP_TEXT_TYPE, MP_TAU_RANGE, MP_MODEL_HEADS, MP_OPTION_*, MP_TEXT_LONG, MP_MODEL_LOGITS.
   */
  classify(input: TextInput, options?: Pick<ClassifyOptions, 'tau' | 'topK' | 'truncate'>): Answer | null;
}

/** Reads `config.json`, the tokenizer and `floor.safetensors`. Throws MP_FILE_MISSING, MP_MODEL_*, MP_USAGE for a model without a floor 0. */
export async function openFloor(read: ReadFile): Promise<OpenFloor> {
  const folder = folderOf(read);
  const outline = await outlineOf(folder);
  if (!outline.info.floor)
    throw new PyramidError('MP_USAGE', {
      what: 'this model has no floor 0',
      todo: 'train one (train --method linear, or mp without --no-floor)',
    });
  const [tokenizer, floor] = await Promise.all([tokenizerOf(folder), floorOf(folder, outline.info.floor)]);
  const described = describeModel({ ...outline, floor }, tokenizer, null, devices.wasm, folder.path);
  const { floorExit, ...rest } = described;
  const model: ModelDescription = { ...rest, weightBits: null };
  const { labels } = model.config;
  const { tau: own } = model.info;
  return {
    labels,
    tau: own,
    hasNetwork: hasNetwork(model.config),
    classify(input, options) {
      const { tau, topK, truncate } = checkedOptions(options, ['tau', 'topK', 'truncate'], model, () => own);
      const text = checkText(input, 0);
      const asked = floorExit!.ask(text);
      const rule = { tau, trace: false, truncate };
      if (!floorExit!.answers(asked, rule)) return null;
      return answerOf(model, floorExit!.outcome(0, text, asked, rule, 0), { tau, topK });
    },
  };
}

const folderOf = (read: ReadFile): Folder => ({
  path: 'the model',
  async open(name) {
    const content = await read(name);
    return content && inMemory(Uint8Array.from(content instanceof Uint8Array ? content : new Uint8Array(content)));
  },
  has: async (name) => (await read(name)) !== null,
});
