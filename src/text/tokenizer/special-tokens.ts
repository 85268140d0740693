/**
 * Which special tokens stand around a text or a pair, and how many of its own tokens fit between them. Reads the
 * `post_processor` of a tokenizer.json; truncation is Hugging Face's `longest_first`.
 */
import { isId, type JsonPart, named } from './json-part.ts';

export type TemplatePart =
  | { readonly kind: 'special'; readonly id: number; readonly type: number }
  | { readonly kind: 'text' | 'pair'; readonly type: number };

export interface SpecialTokens {
  readonly single: readonly TemplatePart[];
  readonly pair: readonly TemplatePart[];
}

const TEXT: TemplatePart = { kind: 'text', type: 0 };

/** `[CLS] text [SEP]` and `[CLS] text [SEP] pair [SEP]`. */
export function bertTemplates(clsId: number, sepId: number): SpecialTokens {
  const special = (id: number, type: number): TemplatePart => ({ kind: 'special', id, type });
  const single = [special(clsId, 0), TEXT, special(sepId, 0)];
  return { single, pair: [...single, { kind: 'pair', type: 1 }, special(sepId, 1)] };
}

/** `<s> text </s>` and `<s> text </s></s> pair </s>`, all of type 0. */
export function robertaTemplates(clsId: number, sepId: number): SpecialTokens {
  const sep: TemplatePart = { kind: 'special', id: sepId, type: 0 };
  const single: TemplatePart[] = [{ kind: 'special', id: clsId, type: 0 }, TEXT, sep];
  return { single, pair: [...single, sep, { kind: 'pair', type: 0 }, sep] };
}

/** The templates of a post-processor. Throws MP_MODEL_TOKENIZER for one that is not read exactly. */
export function specialTokens(processor: JsonPart | null): SpecialTokens {
  const type = processor?.text('type') ?? null;
  switch (type) {
    case null:
    case 'ByteLevel':
      return { single: [TEXT], pair: [TEXT, { kind: 'pair', type: 0 }] };
    case 'TemplateProcessing':
      return {
        single: template(processor!, 'single', ['A']),
        pair: template(processor!, 'pair', ['A', 'B']),
      };
    case 'BertProcessing':
      return bertTemplates(idOf(processor!, 'cls'), idOf(processor!, 'sep'));
    case 'RobertaProcessing':
      return robertaTemplates(idOf(processor!, 'cls'), idOf(processor!, 'sep'));
    case 'Sequence': {
      const steps = processor!.parts('processors').filter((step) => step.text('type') !== 'ByteLevel');
      if (steps.length > 1) throw processor!.unread('a post_processor of several steps');
      if (steps[0]?.text('type') === 'Sequence') throw processor!.unread('a post_processor nested in a post_processor');
      return specialTokens(steps[0] ?? null);
    }
    default:
      throw processor!.unread(`the post_processor ${named(type)}`);
  }
}

/** `['[CLS]', 101]` under a key. */
function idOf(processor: JsonPart, key: string): number {
  const value = processor.value(key);
  const id = Array.isArray(value) ? value[1] : undefined;
  if (!isId(id)) throw processor.damaged(`${processor.at(key)} is not a token and its id`);
  return id;
}

function template(processor: JsonPart, key: string, sequences: readonly string[]): TemplatePart[] {
  const parts = processor.parts(key).flatMap((item): TemplatePart[] => {
    if (item.has('Sequence')) {
      const sequence = item.part('Sequence');
      const id = sequence.text('id');
      if (!sequences.includes(id)) throw item.damaged(`${sequence.at('id')} is ${named(id)}`);
      return [{ kind: id === 'A' ? 'text' : 'pair', type: typeOf(sequence) }];
    }
    const special = item.part('SpecialToken');
    const ids = processor.part('special_tokens').part(special.text('id')).value('ids');
    if (!Array.isArray(ids) || !ids.every(isId)) throw item.damaged(`${special.at('id')} has no ids`);
    return ids.map((id) => ({ kind: 'special', id, type: typeOf(special) }));
  });
  const kinds = parts.filter(({ kind }) => kind !== 'special').map(({ kind }) => kind);
  if (kinds.length !== sequences.length || new Set(kinds).size !== kinds.length)
    throw processor.unread(`a post_processor whose ${key} does not have each text once`);
  return parts;
}

function typeOf(part: JsonPart): number {
  const type = part.whole('type_id');
  if (type > 255) throw part.unread(`a type_id of ${type}`);
  return type;
}

/**
 * How many tokens of a text and its pair stay when `room` tokens fit: the longer one is cut first, and when both
 * have to give, each gets half, the odd token going to the longer one (to the pair if they are as long).
 */
export function longestFirst(text: number, pair: number, room: number): [text: number, pair: number] {
  if (text + pair <= room) return [text, pair];
  const shorter = Math.min(text, pair);
  const half = Math.floor(room / 2);
  const [less, more] = shorter <= half ? [shorter, room - shorter] : [half, room - half];
  return text > pair ? [more, less] : [less, more];
}
