/**
 * The tokenizer of DeBERTa's class: Unigram over SentencePiece's marked words, as transformers 5 builds it. transformers 4 wrote
 * another normalizer into tokenizer.json, a table of normal forms, which this class would then not follow: such a file is refused.
 */
import { type JsonPart, named } from './json-part.ts';
import { normalizerOf, SPACES } from './normalizers.ts';
import { preTokenizerOf } from './pre-tokenizers.ts';
import { partsInAscii } from './segment-ids.ts';
import { bertTemplates } from './special-tokens.ts';
import { hasTypes, type Pipeline, type RebuiltClass, unlike } from './tokenizer-parts.ts';
import { unigramModel } from './unigram-model.ts';

export const deberta: RebuiltClass = {
  pipeline,
  names: { bos: '[CLS]', eos: '[SEP]', unk: '[UNK]', sep: '[SEP]', pad: '[PAD]', cls: '[CLS]', mask: '[MASK]' },
  templates: bertTemplates,
  unknownIsNamed: true,
  typed: hasTypes,
  byteLetters: false,
  // neither normalizer nor words reach over a blank between two ASCII letters
  partsAt: () => partsInAscii,
};

function pipeline(tokenizer: JsonPart, config: JsonPart): Pipeline {
  const normalizer = tokenizer.optional('normalizer');
  const splitter = tokenizer.optional('pre_tokenizer');
  const normalize = normalizerOf(normalizer);
  const words = preTokenizerOf(splitter);
  const [lower, byPunctuation] = ['do_lower_case', 'split_by_punct'].map((key) => config.flag(key, false));
  if (described(normalizer, 'normalizers') !== ['Lowercase', 'Replace', 'NFC', 'Strip'].slice(lower ? 0 : 1).join(' '))
    throw unlike(tokenizer, 'a normalizer other than "Replace", "NFC" and "Strip"');
  const [spaces, , strip] = normalizer!.parts('normalizers').slice(lower ? 1 : 0);
  const pattern = spaces.part('pattern');
  if (!pattern.has('Regex') || pattern.text('Regex') !== SPACES || spaces.text('content') !== ' ')
    throw unlike(tokenizer, 'a normalizer "Replace" of another pattern');
  if (strip.flag('strip_left') || !strip.flag('strip_right'))
    throw unlike(tokenizer, 'a normalizer "Strip" on the left');
  if (described(splitter, 'pretokenizers') !== (byPunctuation ? 'Punctuation Metaspace' : 'Metaspace'))
    throw unlike(tokenizer, 'a pre_tokenizer other than "Metaspace"');
  const steps = stepsOf(splitter!, 'pretokenizers');
  const mark = steps.at(-1)!;
  const isMarked =
    mark.text('replacement') === '▁' && mark.text('prepend_scheme', 'always') === 'always' && mark.flag('split', true);
  if (!isMarked || !config.flag('add_prefix_space', true))
    throw unlike(tokenizer, 'a pre_tokenizer "Metaspace" without a mark before each word');
  if (byPunctuation && steps[0].text('behavior', 'Isolated') !== 'Isolated')
    throw unlike(tokenizer, 'a pre_tokenizer "Punctuation" that does not isolate');
  const part = tokenizer.part('model');
  // files of early versions name no type
  if (part.text('type', 'Unigram') !== 'Unigram') throw unlike(tokenizer, `the model ${named(part.text('type'))}`);
  const model = unigramModel(part);
  const [, score] = (part.value('vocab') as readonly (readonly unknown[])[])[model.unknownId];
  if (score !== 0) throw unlike(tokenizer, `an unknown piece with the score ${score}`);
  if (part.flag('byte_fallback', false)) throw unlike(tokenizer, 'byte_fallback');
  return { normalize, words, model };
}

const stepsOf = (part: JsonPart, steps: string): readonly JsonPart[] =>
  part.text('type') === 'Sequence' ? part.parts(steps) : [part];

/** The types of its steps; '' where there is none. */
const described = (part: JsonPart | null, steps: string): string =>
  part
    ? stepsOf(part, steps)
        .map((step) => step.text('type'))
        .join(' ')
    : '';
