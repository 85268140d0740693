// A model folder with random weights of a family's base shape, to measure speed where no checkpoint can be had; its tokenizer is
// trained on the texts of a task. Without exits and without pruning. Usage, after `npm run build`:
//   node bench/engine/random-model.mjs --data-dir DIR --out MODEL [--family modernbert|xlm-roberta] [--layers N] [--max-length 128] [--seed 0]
// Then, the engine beside PyTorch on the same weights and texts:
//   magic-pyramid bench --model MODEL --task ag_news --data-dir DIR --count 64 --rounds 3 --peers pytorch --python PYTHON
import { parseArgs } from 'node:util';
import { parseConfig } from '../../dist/encoder/config.js';
import { initialise, parameterShapes } from '../../dist/encoder/parameters.js';
import { headSettings } from '../../dist/pyramid/exits/exits.js';
import { writeModelFolder } from '../../dist/pyramid/folder/disk-model.js';
import { readTask, tokenizerFromFiles, trainWordPiece } from '../../dist/text/index.js';

const { values: args } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    out: { type: 'string' },
    family: { type: 'string', default: 'modernbert' },
    task: { type: 'string', default: 'ag_news' },
    layers: { type: 'string' },
    'max-length': { type: 'string', default: '128' },
    seed: { type: 'string', default: '0' },
  },
});
/** What the base checkpoints' config.json says; the vocabulary is the tokenizer's, since words are only looked up. */
const SHAPES = {
  modernbert: { intermediate_size: 1152, num_hidden_layers: 22, max_position_embeddings: 8192 },
  'xlm-roberta': { intermediate_size: 3072, num_hidden_layers: 12, max_position_embeddings: 514, type_vocab_size: 1 },
};

const { labels, examples } = await readTask(args.task, args['data-dir'], 'test');
const texts = examples.slice(0, 2000).map(({ text }) => text);
const files = trainWordPiece(texts, { vocabularySize: 8000, modelMaxLength: Number(args['max-length']) });
// without token types, which these families do not take
const own = { ...JSON.parse(files['tokenizer_config.json']), tokenizer_class: 'PreTrainedTokenizerFast' };
own.model_input_names = ['input_ids', 'attention_mask'];
files['tokenizer_config.json'] = JSON.stringify(own);
const config = parseConfig(
  {
    ...{ model_type: args.family, hidden_size: 768, num_attention_heads: 12, ...SHAPES[args.family] },
    ...(args.layers && { num_hidden_layers: Number(args.layers) }),
    ...{ vocab_size: tokenizerFromFiles(files).vocabularySize, pad_token_id: 0 },
    id2label: Object.fromEntries(labels.map((label, i) => [i, label])),
  },
  args.out,
);
const parameters = new Map(
  [...parameterShapes(config)].map(([name, shape]) => [
    name,
    initialise(name, shape, Number(args.seed), config.initializerRange),
  ]),
);
const info = {
  ...{
    format: 1,
    method: 'bert',
    exitHead: 'none',
    exitTraining: 'frozen',
    pairs: false,
    headWidth: 128,
    prunes: false,
  },
  ...{ temperature: 0, lambda: 0, maxLength: Number(args['max-length']), tau: null },
};
const none = { heads: new Map(), headSettings: headSettings('none', false), thresholds: null, floor: null };
await writeModelFolder(args.out, { config, info, parameters, ...none }, files);
const weights = [...parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
console.log(`${args.out}: ${args.family}, ${config.layers} layers, ${(weights / 1e6).toFixed(0)} million weights`);
