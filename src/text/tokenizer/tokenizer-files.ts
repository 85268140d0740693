/**
 * Which tokens transformers adds to a vocabulary out of a folder's files: tokenizer.json, tokenizer_config.json
 * (`added_tokens_decoder`, `additional_special_tokens`, the named tokens), and, where the configuration has no
 * `added_tokens_decoder`, special_tokens_map.json and added_tokens.json. Knows nothing of how texts are cut.
 */
import type { AddedToken } from './added-tokens.ts';
import { isId, isObject, JsonPart, named } from './json-part.ts';

/** transformers' order, which is that of their ids. */
const NAMED = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'] as const;
export type TokenName = (typeof NAMED)[number];

export interface DeclaredTokens {
  /** Of tokenizer.json, in its order. */
  readonly listed: readonly (AddedToken & { readonly id: number })[];
  /** Of `added_tokens_decoder` or the files before it, by the ids they give. */
  readonly decoder: readonly (AddedToken & { readonly id: number })[];
  /** The named tokens, then the others that are special. */
  readonly specials: readonly AddedToken[];
  readonly names: ReadonlyMap<TokenName, string>;
}

export interface TokenFiles {
  readonly tokenizer: JsonPart | null;
  readonly config: JsonPart;
  readonly specialTokensMap: JsonPart | null;
  readonly addedTokens: JsonPart | null;
}

const MAX_TOKEN_LENGTH = 1000;
/** What helps where versions of transformers read the files differently. */
export const RESAVE = 'load and save the tokenizer once with the version of transformers that the model is used with';

/**
 * @param defaults names of tokens that count where no file gives another
 * @throws MP_MODEL_FILE for what cannot be a token
 */
export function declaredTokens(
  files: TokenFiles,
  defaults: Readonly<Partial<Record<TokenName, string>>>,
): DeclaredTokens {
  const { tokenizer, config, specialTokensMap, addedTokens } = files;
  const listed = (tokenizer?.parts('added_tokens', []) ?? []).map((part) => {
    return { id: part.whole('id'), ...tokenOf(part) };
  });
  const legacy = !config.has('added_tokens_decoder');
  const byName = new Map<TokenName, AddedToken>();
  for (const name of NAMED) {
    const key = `${name}_token`;
    const file = legacy && specialTokensMap?.has(key) ? specialTokensMap : config;
    // null in the configuration: there is none
    const none = Object.hasOwn(file.json, key) && !file.has(key);
    const token = none ? null : (special(file, key) ?? (defaults[name] ? specialToken(defaults[name]) : null));
    if (token) byName.set(name, token);
  }
  const configured = [...listOf(config, 'additional_special_tokens'), ...listOf(config, 'extra_special_tokens')];
  const known = new Set([...byName.values(), ...configured].map(({ content }) => content));
  const map = legacy ? specialTokensMap : null;
  const mapped = map ? [...listOf(map, 'additional_special_tokens'), ...listOf(map, 'extra_special_tokens')] : [];
  // transformers 5 takes either list, transformers 4 both
  const passedOver = configured.length > 0 ? mapped.find(({ content }) => !known.has(content)) : undefined;
  if (passedOver)
    throw map!.unread(`the added token ${named(passedOver.content)}, which is not in tokenizer_config.json,`, RESAVE);
  const extra = [...configured, ...mapped];
  const specialNames = new Set([...byName.values(), ...extra].map(({ content }) => content));

  const decoder = new Map<number, AddedToken>();
  if (legacy) {
    for (const [content, id] of Object.entries(addedTokens?.json ?? {})) {
      if (!isId(id)) throw addedTokens!.damaged(`the id of ${named(content)} is not a whole number from 0`);
      const isSpecial = specialNames.has(content);
      // transformers 5 does not look there, and takes it for an ordinary token
      if (isSpecial && !known.has(content))
        throw addedTokens!.unread(
          `the added token ${named(content)}, special by special_tokens_map.json alone,`,
          RESAVE,
        );
      decoder.set(id, { ...plainToken(checked(addedTokens!, content)), normalized: !isSpecial, special: isSpecial });
    }
    for (const { id, ...token } of listed) decoder.set(id, token);
  } else {
    const given = config.part('added_tokens_decoder');
    for (const [key, token] of Object.entries(given.json)) {
      if (!/^\d+$/.test(key) || !isId(Number(key)))
        throw given.damaged(`${given.at(key)}: the id is not a whole number from 0`);
      if (!isObject(token)) throw given.damaged(`${given.at(key)} is not an object`);
      decoder.set(Number(key), tokenOf(new JsonPart(given.path, given.at(key), token)));
    }
  }
  // a special token that is described there is the one described there
  const described = new Map([...decoder.values()].map((token) => [token.content, token]));
  const specials = [...[...byName.values()], ...extra].map((token) => described.get(token.content) ?? token);
  return {
    listed,
    decoder: [...decoder].sort(([a], [b]) => a - b).map(([id, token]) => ({ ...token, id })),
    specials: uniqueByContent(specials),
    names: new Map([...byName].map(([name, { content }]) => [name, content])),
  };
}

const uniqueByContent = (tokens: readonly AddedToken[]): AddedToken[] =>
  [...new Map([...tokens].reverse().map((token) => [token.content, token])).values()].reverse();

const plainToken = (content: string): AddedToken => ({
  content,
  singleWord: false,
  lstrip: false,
  rstrip: false,
  normalized: true,
  special: false,
});

const specialToken = (content: string): AddedToken => ({ ...plainToken(content), normalized: false, special: true });

function checked(part: JsonPart, content: string): string {
  if (content.length > MAX_TOKEN_LENGTH)
    throw part.unread(`an added token of more than ${MAX_TOKEN_LENGTH} characters`);
  return content;
}

function tokenOf(part: JsonPart, special = part.flag('special', false)): AddedToken {
  return {
    content: checked(part, part.text('content')),
    singleWord: part.flag('single_word', false),
    lstrip: part.flag('lstrip', false),
    rstrip: part.flag('rstrip', false),
    normalized: part.flag('normalized', !special),
    special,
  };
}

/** A special token given by its text or as an object; null: not given. */
function special(file: JsonPart, key: string): AddedToken | null {
  if (!file.has(key)) return null;
  if (isObject(file.value(key))) return tokenOf(file.part(key), true);
  return specialToken(checked(file, file.text(key)));
}

/** A list of special tokens, or their values where they stand in an object by names of their own. */
function listOf(file: JsonPart, key: string): AddedToken[] {
  const value = file.value(key);
  if (value === undefined) return [];
  const list = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : null;
  if (!list) throw file.damaged(`${file.at(key)} is not a list`);
  return list.map((token, i) => {
    if (typeof token === 'string') return specialToken(checked(file, token));
    if (!isObject(token)) throw file.damaged(`${file.at(key)}[${i}] is not a token`);
    return tokenOf(new JsonPart(file.path, `${file.at(key)}[${i}]`, token), true);
  });
}
