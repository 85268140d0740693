/**
 * The parts of a folder's tokenizer, as transformers' AutoTokenizer builds them from the same files. For the BERT classes,
 * tokenizer_config.json overrides tokenizer.json on case, accents and ideographs; for the general class, tokenizer.json
 * is read as it is. Checked against transformers 4.57 and 5.24. What these two read differently is refused, and so is
 * every part that is not read exactly. Knows nothing of how a text is cut to a length.
 */
import { BERT_CLASSES, bertParts } from './bert-parts.ts';
import { GENERAL_CLASSES, generalParts } from './general-parts.ts';
import { JsonPart, named } from './json-part.ts';
import { ROBERTA_CLASSES, robertaParts } from './roberta-parts.ts';
import type { TokenFiles } from './tokenizer-files.ts';
import type { TokenizerParts } from './tokenizer-parts.ts';

/** The files by name, and what config.json says of the tokenizer. */
export interface PartsSource {
  readonly files: Readonly<Record<string, string>>;
  readonly path: (name: string) => string;
  /** `tokenizer_class` of config.json, for a tokenizer_config.json without one. */
  readonly tokenizerClass?: string | undefined;
}

/** @throws MP_MODEL_FILE for a damaged file, MP_MODEL_TOKENIZER for a part that is not read exactly */
export function tokenizerParts({ files, path, tokenizerClass }: PartsSource): TokenizerParts {
  const parse = (name: string) => (files[name] ? JsonPart.parse(path(name), files[name]) : null);
  const config = parse('tokenizer_config.json') ?? new JsonPart(path('tokenizer_config.json'), '', {});
  const given: TokenFiles = {
    tokenizer: parse('tokenizer.json'),
    config,
    specialTokensMap: parse('special_tokens_map.json'),
    addedTokens: parse('added_tokens.json'),
  };
  const versions = config.value('fast_tokenizer_files');
  if (Array.isArray(versions) && versions.some((name) => name !== 'tokenizer.json'))
    throw config.unread('the choice between several files in fast_tokenizer_files');
  const name = config.text('tokenizer_class', tokenizerClass ?? 'BertTokenizer').replace(/Fast$/, '');
  if (Object.hasOwn(BERT_CLASSES, name)) return bertParts(given, files['vocab.txt'], path('vocab.txt'), name);
  const isGeneral = GENERAL_CLASSES.includes(name);
  if (!isGeneral && !Object.hasOwn(ROBERTA_CLASSES, name)) throw config.unread(`the tokenizer class ${named(name)}`);
  if (!given.tokenizer) throw config.damaged(`the tokenizer class ${named(name)} needs a tokenizer.json`);
  if (!isGeneral) return robertaParts(given, given.tokenizer, name);
  return generalParts(given, given.tokenizer);
}
