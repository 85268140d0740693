/**
 * Weights files of other programs, which are not read here: what each is, and the command that converts it to
 * safetensors. Knows nothing of folders and of hubs: both ask it.
 */
export interface OtherWeights {
  readonly name: string;
  /** What it is, after "it is". */
  readonly what: string;
  /** What to do; DIR is the model's folder. */
  readonly todo: string;
}

const convert = (options = '', needs = 'transformers and torch') =>
  `python -c "from transformers import AutoModelForSequenceClassification as M, AutoTokenizer as T; M.from_pretrained('DIR'${options}).save_pretrained('NEW'); T.from_pretrained('DIR').save_pretrained('NEW')" (Python, with ${needs}) writes it to NEW as safetensors`;

const torch = { what: "weights in PyTorch's own format, which runs code when it is read", todo: convert() };

/** In the order in which they are looked for. An adapter beside whole weights is not looked for at all. */
export const OTHER_WEIGHTS: readonly OtherWeights[] = [
  { name: 'pytorch_model.bin', ...torch },
  { name: 'pytorch_model.bin.index.json', ...torch },
  ...['adapter_model.safetensors', 'adapter_model.bin', 'adapter_config.json'].map((name) => ({
    name,
    what: 'a LoRA adapter, which is only a part of a model',
    todo: `python -c "from peft import AutoPeftModelForSequenceClassification as M; M.from_pretrained('DIR').merge_and_unload().save_pretrained('NEW')" (Python, with peft) merges it into its model and writes that to NEW`,
  })),
  {
    name: 'tf_model.h5',
    what: "weights in TensorFlow's format",
    todo: convert(', from_tf=True', 'transformers 4, torch and tensorflow'),
  },
  {
    name: 'flax_model.msgpack',
    what: "weights in Flax's format",
    todo: convert(', from_flax=True', 'transformers 4, torch and flax'),
  },
  ...['model.onnx', 'onnx/model.onnx'].map((name) => ({
    name,
    what: 'an ONNX graph, which supports neither pruning nor early exit',
    todo: 'use the model.safetensors that it was exported from',
  })),
];
