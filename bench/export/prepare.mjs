/**
 * What peer.py measures with: one file of a model's pyramid, one of its dense network, and the engine's answers to the
 * first rows of AG News' test set.
 *
 *   npm run build && node bench/export/prepare.mjs --model runs/ag --data ../shared/data --out /tmp/one-file --tau 0.64
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'csv-parse/sync';
import { paddedNetwork } from '../../dist/bench/dense-model.js';
import { Pyramid } from '../../dist/engine/index.js';
import { onnxFile } from '../../dist/export/onnx-file.js';
import { toOnnx } from '../../dist/graph/index.js';
import { readModelFolder } from '../../dist/pyramid/folder/disk-model.js';
import { loadTokenizer } from '../../dist/text/index.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string' },
    out: { type: 'string' },
    tau: { type: 'string', default: '0.64' },
    rows: { type: 'string', default: '1000' },
    dtype: { type: 'string', default: 'fp32' },
  },
});
const tau = Number(values.tau);
mkdirSync(values.out, { recursive: true });

const model = await readModelFolder(values.model);
const tokenizer = await loadTokenizer(values.model);
const file = onnxFile(model, tokenizer, { dtype: values.dtype, tau: 'input' });
writeFileSync(join(values.out, 'pyramid.onnx'), file.bytes);
writeFileSync(join(values.out, 'dense.onnx'), toOnnx(paddedNetwork(model), 'dense', ''));

const rows = parse(readFileSync(join(values.data, 'ag_news', 'test.csv'))).slice(0, Number(values.rows));
const texts = rows.map((row) => row.slice(1).join(' '));
const pyramid = await Pyramid.load(values.model, { workers: 1, dtype: values.dtype });
const answers = await pyramid.detail(texts, { tau });
await pyramid.close();
const longest = model.floor ? 2 * (model.floor.info.maxTokens ?? 1e6) + 4 : 1e6;
const given = texts.map((text, i) => ({
  ids: Array.from(tokenizer.encode(text, undefined, longest).ids),
  networkTokens: Math.min(answers[i].tokens[0], model.info.maxLength),
  exit: answers[i].exit,
  best: answers[i].best,
  logits: answers[i].logits,
  flops: answers[i].flops,
  denseFlops: answers[i].denseFlops,
}));
writeFileSync(join(values.out, 'rows.json'), JSON.stringify({ tau, rows: given }));
console.log(`${values.out}: ${given.length} rows, ${(file.bytes.length / 1e6).toFixed(1)} MB`);
