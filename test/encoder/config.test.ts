import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BERT_FORM } from '../../src/encoder/form.ts';
import {
  configJson,
  hasNetwork,
  parameterShapes,
  parseConfig,
  readConfig,
  withoutNetwork,
  writeSafetensors,
} from '../../src/encoder/index.ts';
import { PyramidError } from '../../src/errors.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const path = join(folder, 'config.json');
/** What every BERT's config.json says. */
const least = {
  model_type: 'bert',
  vocab_size: 30522,
  hidden_size: 384,
  num_hidden_layers: 6,
  num_attention_heads: 12,
  intermediate_size: 1536,
  max_position_embeddings: 512,
};
const read = (content: unknown) => {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readConfig(folder);
};
const failure = (content: unknown): Promise<PyramidError> =>
  read(content).then(
    () => {
      throw new Error('it was read');
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(PyramidError);
      expect((error as PyramidError).message).not.toContain('\n');
      return error as PyramidError;
    },
  );

describe('config.json of a model without a network', () => {
  it('says its labels and its vocabulary, and comes back as it was written', async () => {
    const config = withoutNetwork(['ham', 'spam'], 8000);
    const json = configJson(config);
    expect(json).toEqual({
      model_type: 'linear',
      vocab_size: 8000,
      problem_type: 'single_label_classification',
      id2label: { 0: 'ham', 1: 'spam' },
      label2id: { ham: 0, spam: 1 },
    });
    const { raw, ...read_ } = await read(json);
    expect(read_).toEqual({ ...config, raw: undefined });
    expect(raw).toEqual(json);
    expect(hasNetwork(config)).toBe(false);
    expect(parameterShapes(config).size).toBe(0);
  });

  it('has no layers whatever it says of them', async () => {
    const config = await read({ ...least, model_type: 'linear', num_hidden_layers: 12, id2label: { 0: 'a', 1: 'b' } });
    expect(config).toMatchObject({ layers: 0, hiddenSize: 0, labels: ['a', 'b'] });
  });
});

describe('config.json', () => {
  it('is read with BERT’s own defaults for what it leaves out', async () => {
    const { raw, ...config } = await read(least);
    expect(config).toEqual({
      family: 'bert',
      vocabularySize: 30522,
      hiddenSize: 384,
      embeddingSize: 384,
      layers: 6,
      heads: 12,
      intermediateSize: 1536,
      maxPositions: 512,
      unusedPositions: 0,
      relativePositions: false,
      typeVocabularySize: 2,
      tokenTypes: true,
      form: BERT_FORM,
      layerNormEpsilon: 1e-12,
      embeddingDropout: 0.1,
      hiddenDropout: 0.1,
      attentionDropout: 0.1,
      attentionOutputDropout: 0.1,
      classifierDropout: 0.1,
      classifierInputDropout: 0,
      poolerActivation: 'tanh',
      initializerRange: 0.02,
      labels: [],
      problemType: 'single_label_classification',
    });
    expect(raw).toEqual(least);
  });

  it('is read with what it says, labels in the order of their numbers', async () => {
    const labels = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [String(11 - i), `label ${11 - i}`]));
    const config = await read({
      ...least,
      type_vocab_size: 1,
      layer_norm_eps: 1e-5,
      hidden_dropout_prob: 0,
      attention_probs_dropout_prob: 0.2,
      initializer_range: 0.5,
      hidden_act: 'gelu',
      position_embedding_type: 'absolute',
      problem_type: 'multi_label_classification',
      id2label: labels,
    });
    expect(config).toMatchObject({
      typeVocabularySize: 1,
      layerNormEpsilon: 1e-5,
      hiddenDropout: 0,
      attentionDropout: 0.2,
      initializerRange: 0.5,
      problemType: 'multi_label_classification',
    });
    expect(config.labels).toEqual(Array.from({ length: 12 }, (_, i) => `label ${i}`));
  });

  it('of DistilBERT is read under its own keys, which its faults name', async () => {
    const said = {
      model_type: 'distilbert',
      vocab_size: 30522,
      dim: 768,
      n_layers: 6,
      n_heads: 12,
      hidden_dim: 3072,
      max_position_embeddings: 512,
      activation: 'gelu',
      dropout: 0.3,
      attention_dropout: 0.05,
      seq_classif_dropout: 0.4,
      sinusoidal_pos_embds: false,
    };
    expect(await read(said)).toMatchObject({
      family: 'distilbert',
      hiddenSize: 768,
      layers: 6,
      heads: 12,
      intermediateSize: 3072,
      layerNormEpsilon: 1e-12,
      hiddenDropout: 0.3,
      attentionDropout: 0.05,
      attentionOutputDropout: 0,
      classifierDropout: 0.4,
      tokenTypes: false,
      poolerActivation: 'relu',
    });
    expect((await read({ ...said, seq_classif_dropout: undefined })).classifierDropout).toBe(0.2);
    expect((await failure({ ...said, n_heads: 7 })).message).toContain('dim 768 is not a multiple of n_heads 7');
    expect((await failure({ ...said, activation: 'relu' })).message).toContain('activation is "relu"');
    expect((await failure({ ...said, dim: undefined, hidden_size: 768 })).message).toContain('dim is undefined');
  });

  it('of MPNet has two positions that no token has, and tells of what else there is', async () => {
    const said = { ...least, model_type: 'mpnet', max_position_embeddings: 514, pad_token_id: undefined };
    const config = await read(said);
    expect(config).toMatchObject({ maxPositions: 512, unusedPositions: 2, relativePositions: true, tokenTypes: false });
    expect(config).toMatchObject({ classifierDropout: 0.1, classifierInputDropout: 0.1 });
    expect(configJson(config)).toMatchObject({
      max_position_embeddings: 514,
      pad_token_id: 1,
      relative_attention_num_buckets: 32,
    });
    expect((await failure({ ...said, relative_attention_num_buckets: 64 })).message).toContain(
      'relative_attention_num_buckets is 64; only 32 is known',
    );
    expect((await failure({ ...said, max_position_embeddings: 2 })).message).toContain(
      "max_position_embeddings is 2, of which 2 are no token's",
    );
  });

  describe('of ModernBERT', () => {
    const said = {
      ...{ model_type: 'modernbert', vocab_size: 50368, hidden_size: 768, num_hidden_layers: 4 },
      ...{ num_attention_heads: 12, intermediate_size: 1152, max_position_embeddings: 8192 },
    };

    it('has local layers, rotary positions and no biases where it says nothing else', async () => {
      const config = await read(said);
      expect(config).toMatchObject({
        ...{ tokenTypes: false, layerNormEpsilon: 1e-5, hiddenDropout: 0, attentionDropout: 0, embeddingDropout: 0 },
        ...{ classifierDropout: 0, poolerActivation: 'gelu', maxPositions: 8192 },
      });
      const all = { theta: 160_000, window: null };
      const near = { theta: 10_000, window: 64 };
      expect(config.form).toEqual({
        ...{ norm: 'before', gated: true, positionTable: false, pooling: 'cls', poolerNorm: true },
        biases: { norm: false, attention: false, feedForward: false, pooler: false },
        rotary: [all, near, near, all],
        disentangled: null,
      });
    });

    it('says its layers in the old way or in the new', async () => {
      const windows = async (more: object) =>
        (await read({ ...said, ...more })).form.rotary!.map(({ theta, window }) => [theta, window]);
      const old = { global_attn_every_n_layers: 2, global_rope_theta: 5000, local_rope_theta: 700, local_attention: 9 };
      expect(await windows(old)).toEqual([
        [5000, null],
        [700, 4],
        [5000, null],
        [700, 4],
      ]);
      const layer_types = ['sliding_attention', 'full_attention', 'full_attention', 'full_attention'];
      const rope_parameters = {
        full_attention: { rope_type: 'default', rope_theta: 11 },
        sliding_attention: { rope_type: 'default', rope_theta: 12 },
      };
      expect(await windows({ layer_types, rope_parameters })).toEqual([[12, 64], ...Array(3).fill([11, null])]);
      expect(configJson(await read({ ...said, ...old }))).toMatchObject({
        layer_types: ['full_attention', 'sliding_attention', 'full_attention', 'sliding_attention'],
      });
      // before transformers 5 no θ of local layers meant that of the others
      expect(await windows({ local_rope_theta: null })).toContainEqual([160_000, 64]);
    });

    it.each([
      [{ layer_types: ['full_attention'] }, 'layer_types is ["full_attention"], not 4 times "full_attention" or'],
      [{ layer_types: 'all' }, 'layer_types is "all"'],
      [{ global_attn_every_n_layers: 0 }, 'global_attn_every_n_layers is 0, not a positive whole number'],
      [{ rope_scaling: { factor: 2 } }, 'rope_scaling is {"factor":2}'],
      [{ rope_parameters: { full_attention: { rope_type: 'yarn' } } }, 'full_attention.rope_type is "yarn"'],
      [{ rope_parameters: [1] }, 'rope_parameters is [1], not an object'],
      [{ global_rope_theta: 0 }, 'global_rope_theta'],
      [{ global_rope_theta: 'much' }, 'global_rope_theta is "much", not a number'],
      [{ hidden_activation: 'silu' }, 'hidden_activation is "silu"; only "gelu" is known'],
      [{ classifier_activation: 'relu' }, 'classifier_activation is "relu"; only "gelu" is known'],
      [{ classifier_pooling: 'max' }, 'classifier_pooling is "max"; only "cls" and "mean" are known'],
      [{ mlp_bias: 1 }, 'mlp_bias is 1, not true or false'],
      [{ local_attention: -1 }, 'local_attention is -1'],
      [{ hidden_size: 36 }, 'hidden_size / num_attention_heads is 3; rotary positions need an even number'],
    ])('%j is refused by name', async (more, sentence) => {
      const { code, message } = await failure({ ...said, ...more });
      expect(code).toBe('MP_MODEL_CONFIG');
      expect(message).toContain(sentence);
    });
  });

  describe('of DeBERTa-v3', () => {
    // as published: the default of each is another
    const { classifier_dropout: _, type_vocab_size: __, ...sizes } = least as Readonly<Record<string, unknown>>;
    const said = {
      ...{
        ...sizes,
        model_type: 'deberta-v2',
        hidden_size: 768,
        num_attention_heads: 12,
        max_position_embeddings: 512,
      },
      ...{ relative_attention: true, position_buckets: 256, norm_rel_ebd: 'layer_norm', share_att_key: true },
      ...{ pos_att_type: 'p2c|c2p', max_relative_positions: -1, position_biased_input: false, type_vocab_size: 0 },
    };

    it('has distances in place of a table of positions', async () => {
      const config = await read(said);
      expect(config).toMatchObject({
        ...{ tokenTypes: false, relativePositions: false, maxPositions: 512, layerNormEpsilon: 1e-7 },
        ...{ poolerActivation: 'gelu', classifierDropout: 0.1, classifierInputDropout: 0 },
        form: { positionTable: false, disentangled: { buckets: 256, span: 512 }, norm: 'after', rotary: null },
      });
      const list = { pos_att_type: ['c2p', 'p2c'], pooler_dropout: 0.3, cls_dropout: 0.2, max_relative_positions: 300 };
      const other = await read({ ...said, ...list });
      expect(other).toMatchObject({ classifierDropout: 0.2, classifierInputDropout: 0.3 });
      expect(other.form.disentangled).toEqual({ buckets: 256, span: 300 });
      expect(configJson(other)).toMatchObject({ ...said, ...list });
    });

    it('keeps what its distances mean where a network is given fewer positions', async () => {
      const written = configJson({ ...(await read(said)), maxPositions: 128 });
      expect(parseConfig(written, path).form.disentangled).toEqual({ buckets: 256, span: 512 });
    });

    it.each([
      [{ conv_kernel_size: 3 }, 'conv_kernel_size is 3; only 0 is known'],
      [{ type_vocab_size: 2 }, 'type_vocab_size is 2; only 0 is known'],
      [{ pooler_hidden_act: 'tanh' }, 'pooler_hidden_act is "tanh"; only "gelu" is known'],
      [{ hidden_act: 'gelu_new' }, 'hidden_act is "gelu_new"; only "gelu" is known'],
      [{ relative_attention: undefined }, 'relative_attention is undefined; only true is known'],
      [{ position_biased_input: undefined }, 'position_biased_input is undefined; only false is known'],
      [{ share_att_key: false }, 'share_att_key is false; only true is known'],
      [{ norm_rel_ebd: 'none' }, 'norm_rel_ebd is "none"; only "layer_norm" is known'],
      [{ pos_att_type: 'p2c' }, 'pos_att_type is "p2c"; only "c2p" and "p2c" together are known'],
      [{ pos_att_type: undefined }, 'pos_att_type is undefined; only'],
      [{ embedding_size: 128 }, 'embedding_size is 128; only that of hidden_size, 768, is known'],
      [{ pooler_hidden_size: 96 }, 'pooler_hidden_size is 96; only that of hidden_size, 768, is known'],
      [{ attention_head_size: 32 }, 'attention_head_size is 32; only 64 is known'],
      [{ position_buckets: -1 }, 'position_buckets is -1, not a whole number from 4 to 32768'],
      [{ max_relative_positions: 129 }, 'is 129; with position_buckets 256 it is at least 130'],
      [{ pooler_dropout: 1 }, 'pooler_dropout is 1, which would drop everything'],
    ])('%j is refused by name', async (more, sentence) => {
      const { code, message } = await failure({ ...said, ...more });
      expect(code).toBe('MP_MODEL_CONFIG');
      expect(message).toContain(sentence);
    });
  });

  it('of ELECTRA may have embeddings of their own width', async () => {
    const said = { ...least, model_type: 'electra', embedding_size: 96, classifier_dropout: 0.3 };
    const config = await read(said);
    expect(config).toMatchObject({ embeddingSize: 96, hiddenSize: 384, poolerActivation: 'gelu' });
    expect(config).toMatchObject({ classifierDropout: 0.3, classifierInputDropout: 0.3 });
    expect(configJson(config)).toMatchObject({ embedding_size: 96, hidden_size: 384 });
    expect((await read({ ...said, embedding_size: undefined })).embeddingSize).toBe(128); // as transformers has it
    expect((await failure({ ...said, embedding_size: 0 })).message).toContain(
      'embedding_size is 0, not a positive whole number',
    );
  });

  it.each(['roberta', 'xlm-roberta'])('of %s has positions after that of the padding', async (type) => {
    const said = { ...least, model_type: type, max_position_embeddings: 514, type_vocab_size: 1 };
    expect(await read(said)).toMatchObject({ maxPositions: 512, unusedPositions: 2, typeVocabularySize: 1 });
    expect(await read({ ...said, pad_token_id: 4 })).toMatchObject({ maxPositions: 509, unusedPositions: 5 });
    expect(configJson(await read(said))).toMatchObject({ max_position_embeddings: 514, pad_token_id: 1 });
    expect((await failure({ ...said, is_decoder: true })).message).toContain('is_decoder is true; only false is known');
  });

  it('is written so that it reads back the same, keeping unknown fields', async () => {
    const raw = { ...least, id2label: { 0: 'ham', 1: 'spam' }, pyramid: { method: 'mp' }, pad_token_id: 3 };
    const config = await read(raw);
    const written = configJson({ ...config, layers: 3, labels: ['no', 'yes', 'maybe'], problemType: 'regression' });
    expect(written).toMatchObject({
      pyramid: { method: 'mp' },
      pad_token_id: 3,
      architectures: ['BertForSequenceClassification'],
      num_hidden_layers: 3,
      id2label: { 0: 'no', 1: 'yes', 2: 'maybe' },
      label2id: { no: 0, yes: 1, maybe: 2 },
      problem_type: 'regression',
    });
    const { raw: _, ...again } = await read(written);
    const { raw: __, ...before } = config;
    expect(again).toEqual({ ...before, layers: 3, labels: ['no', 'yes', 'maybe'], problemType: 'regression' });
  });
});

describe('labels without names', () => {
  const classifier = { ...least, architectures: ['BertForSequenceClassification'] };

  it.each<[string, unknown, readonly string[]]>([
    ['are two where a classifier says nothing, as transformers leaves them out', classifier, ['LABEL_0', 'LABEL_1']],
    ['are as many as num_labels', { ...classifier, num_labels: 3 }, ['LABEL_0', 'LABEL_1', 'LABEL_2']],
    ['are as many where id2label is null', { ...classifier, id2label: null, num_labels: 1 }, ['LABEL_0']],
    [
      'are not taken from label2id, which transformers passes over',
      { ...classifier, label2id: { a: 0 } },
      ['LABEL_0', 'LABEL_1'],
    ],
    ['are none in a bare backbone', { ...least, architectures: ['BertModel'], num_labels: 2 }, []],
    ['are none where neither config.json nor weights name a classifier', least, []],
  ])('%s', async (_, content, labels) => {
    expect((await read(content)).labels).toEqual(labels);
  });

  it('are counted in the weights where config.json names no class', async () => {
    const weights = join(folder, 'model.safetensors');
    const rows = { shape: [3, 2], data: new Float32Array(6) };
    await writeSafetensors(weights, new Map([['classifier.weight', rows]]));
    try {
      expect((await read(least)).labels).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
      expect((await read({ ...least, architectures: ['BertModel'] })).labels).toEqual([]);
    } finally {
      rmSync(weights);
    }
  });
});

describe('names of labels', () => {
  it('go by their numbers, in any order and with spaces around them', async () => {
    expect((await read({ ...least, id2label: { ' 2 ': 'c', '01': 'b', 0: 'a' } })).labels).toEqual(['a', 'b', 'c']);
  });

  it('may be numbers and booleans, and are what JSON writes', async () => {
    const { labels } = await read({ ...least, id2label: { 0: 0, 1: 1.5, 2: true, 3: 'true?' } });
    expect(labels).toEqual(['0', '1.5', 'true', 'true?']);
  });

  it('may be words of JavaScript, and are written so that they read the same', async () => {
    const labels = ['__proto__', 'constructor', 'toString', '0', '', '<b>|"\n'];
    const config = await read({ ...least, id2label: Object.fromEntries(labels.map((label, i) => [i, label])) });
    expect(config.labels).toEqual(labels);
    const written = JSON.stringify(configJson(config));
    expect((await read(written)).labels).toEqual(labels);
    expect(Object.entries(JSON.parse(written).label2id).sort()).toEqual(labels.map((label, i) => [label, i]).sort());
  });
});

describe('a faulty config.json', () => {
  const ending = '; take the config.json that belongs to the weights';

  it.each<[string, unknown, string]>([
    ['cut off', '{"hidden_size": ', 'it is not JSON'],
    ['empty', '', 'it is not JSON'],
    ['null', 'null', 'it is not a JSON object'],
    ['a list', '[]', 'it is not a JSON object'],
    ['a text', '"bert"', 'it is not a JSON object'],
    ['without a size', { ...least, hidden_size: undefined }, 'hidden_size is undefined, not a positive whole number'],
    ['with a size of zero', { ...least, num_hidden_layers: 0 }, 'num_hidden_layers is 0, not a positive whole number'],
    ['with a negative size', { ...least, vocab_size: -1 }, 'vocab_size is -1, not a positive whole number'],
    [
      'with a broken size',
      { ...least, intermediate_size: 1.5 },
      'intermediate_size is 1.5, not a positive whole number',
    ],
    ['with a size as text', { ...least, hidden_size: '384' }, 'hidden_size is "384", not a positive whole number'],
    [
      'with heads that do not divide the width',
      { ...least, num_attention_heads: 7 },
      'hidden_size 384 is not a multiple of num_attention_heads 7',
    ],
    [
      'with a negative epsilon',
      { ...least, layer_norm_eps: -1e-12 },
      'layer_norm_eps is -1e-12, not a number of 0 or more',
    ],
    [
      'with a dropout of everything',
      { ...least, hidden_dropout_prob: 1 },
      'hidden_dropout_prob is 1, which would drop everything',
    ],
    ['of another activation', { ...least, hidden_act: 'relu' }, 'hidden_act is "relu"; only "gelu" is known'],
    [
      'with relative positions',
      { ...least, position_embedding_type: 'relative_key' },
      'position_embedding_type is "relative_key"; only "absolute" is known',
    ],
    ['of an unknown problem', { ...least, problem_type: 'ranking' }, 'problem_type is "ranking"'],
    ['with a gap in its labels', { ...least, id2label: { 0: 'a', 2: 'c' } }, 'id2label does not name label 1'],
    [
      'with a label that is null',
      { ...least, id2label: { 0: 'a', 1: null } },
      "id2label's label 1 is null, not a name",
    ],
    [
      'with a label that is a list',
      { ...least, id2label: { 0: ['a'], 1: 'b' } },
      'id2label\'s label 0 is ["a"], not a name',
    ],
    ['with a label twice', { ...least, id2label: { 0: 'a', '00': 'b' } }, 'id2label names label 0 twice'],
    ['with no number of labels', { ...least, num_labels: '3' }, 'num_labels is "3", not a positive whole number'],
    ['with no labels at all', { ...least, num_labels: 0 }, 'num_labels is 0, not a positive whole number'],
    [
      'with labels beyond counting',
      { ...least, architectures: ['BertForSequenceClassification'], num_labels: 1e9 },
      'num_labels is 1000000000, more than the maximum of 131072',
    ],
    [
      'with a million layers',
      { ...least, num_hidden_layers: 1e6 },
      'num_hidden_layers is 1000000, more than the maximum of 256',
    ],
    [
      'of an absurd width',
      { ...least, hidden_size: 1e9, num_attention_heads: 1 },
      'hidden_size is 1000000000, more than the maximum of 32768',
    ],
    [
      'with token types without end',
      { ...least, type_vocab_size: 1e9 },
      'type_vocab_size is 1000000000, more than the maximum of 256',
    ],
    ['with a negative padding id', { ...least, pad_token_id: -1 }, 'pad_token_id is -1, not an id from 0 to 30521'],
    [
      'with a padding id beyond its words',
      { ...least, pad_token_id: 30522 },
      'pad_token_id is 30522, not an id from 0 to 30521',
    ],
    [
      'with an endless epsilon',
      JSON.stringify({ ...least, layer_norm_eps: 7 }).replace(':7', ':1e999'),
      'layer_norm_eps is Infinity, which is too large',
    ],
    [
      'nested without end',
      `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      'its values are nested more than 64 deep',
    ],
  ])('%s is MP_MODEL_CONFIG in one sentence', async (_, content, problem) => {
    const { code, message } = await failure(content);
    expect(code).toBe('MP_MODEL_CONFIG');
    expect(message).toBe(`${path}: ${problem}${ending}`);
  });

  it.each<[string, unknown, string]>([
    [
      'with labels that are no object',
      { ...least, id2label: 'a,b' },
      'id2label is "a,b", not an object from numbers to names; write {"0": "a name", "1": "another"}',
    ],
    [
      'with labels in a list, which transformers refuses',
      { ...least, id2label: ['a', 'b'] },
      'id2label is ["a","b"], not an object from numbers to names; write {"0": "a name", "1": "another"}',
    ],
    [
      'with two labels of one name',
      { ...least, id2label: { 0: 'x', 1: 'y', 2: 'x' } },
      'id2label gives the name "x" to both label 0 and label 2; give each label its own name',
    ],
    [
      'with a number and a text that read the same',
      { ...least, id2label: { 0: '1', 1: 1 } },
      'id2label gives the name "1" to both label 0 and label 1; give each label its own name',
    ],
  ])('%s says what to write instead', async (_, content, sentence) => {
    const { code, message } = await failure(content);
    expect(code).toBe('MP_MODEL_CONFIG');
    expect(message).toBe(`${path}: ${sentence}`);
  });

  it.each(['deberta', 'gpt2'])('of the architecture %s is MP_MODEL_ARCHITECTURE', async (type) => {
    const { code, message } = await failure({ ...least, model_type: type });
    expect(code).toBe('MP_MODEL_ARCHITECTURE');
    expect(message).toBe(
      `${path}: model_type is "${type}"; this version reads bert, deberta-v2, distilbert, electra, modernbert, mpnet, roberta, xlm-roberta`,
    );
  });

  it('is told by its beginning where the name of its architecture is endless', async () => {
    const { code, message } = await failure({ ...least, model_type: 'x'.repeat(5000) });
    expect(code).toBe('MP_MODEL_ARCHITECTURE');
    expect(message).toContain(`model_type is "${'x'.repeat(60)}"`);
  });

  it('that is not there is MP_FILE_MISSING', async () => {
    await expect(readConfig(join(folder, 'absent'))).rejects.toMatchObject({
      code: 'MP_FILE_MISSING',
      message: `${join(folder, 'absent', 'config.json')}: no such model configuration; check the path`,
    });
  });

  it('names the path that it was given', () => {
    expect(() => parseConfig({ ...least, hidden_size: 0 }, 'some/config.json')).toThrow(
      /^some\/config\.json: hidden_size/,
    );
  });
});
