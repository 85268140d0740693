/**
 * Which special tokens stand around a text or a pair, and how many of its own tokens fit between them. Reads the
 * `post_processor` of a tokenizer.json; truncation is Hugging Face's `longest_first`.
 */
export type TemplatePart =
  | { readonly kind: 'special'; readonly id: number; readonly type: number }
  | { readonly kind: 'text' | 'pair'; readonly type: number };

export interface SpecialTokens {
  readonly single: readonly TemplatePart[];
  readonly pair: readonly TemplatePart[];
}

interface TemplateItem {
  readonly SpecialToken?: { readonly id: string; readonly type_id: number };
  readonly Sequence?: { readonly id: 'A' | 'B'; readonly type_id: number };
}

export interface PostProcessor {
  readonly type: string;
  readonly single?: readonly TemplateItem[];
  readonly pair?: readonly TemplateItem[];
  readonly special_tokens?: Readonly<Record<string, { readonly ids: readonly number[] }>>;
  readonly cls?: readonly [string, number];
  readonly sep?: readonly [string, number];
  readonly processors?: readonly PostProcessor[];
}

/** The templates of a post-processor, or null for one that this version does not know. */
export function specialTokens(processor: PostProcessor | null | undefined): SpecialTokens | null {
  const text: TemplatePart = { kind: 'text', type: 0 };
  switch (processor?.type) {
    case undefined:
    case 'ByteLevel':
      return { single: [text], pair: [text, { kind: 'pair', type: 0 }] };
    case 'TemplateProcessing': {
      const parts = (items: readonly TemplateItem[]) =>
        items.flatMap(({ SpecialToken: special, Sequence: sequence }): TemplatePart[] =>
          special
            ? processor.special_tokens![special.id].ids.map((id) => ({ kind: 'special', id, type: special.type_id }))
            : [{ kind: sequence!.id === 'A' ? 'text' : 'pair', type: sequence!.type_id }],
        );
      return { single: parts(processor.single!), pair: parts(processor.pair!) };
    }
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const bert = processor.type === 'BertProcessing';
      const cls: TemplatePart = { kind: 'special', id: processor.cls![1], type: 0 };
      const sep: TemplatePart = { kind: 'special', id: processor.sep![1], type: 0 };
      const single = [cls, text, sep];
      const type = bert ? 1 : 0;
      return { single, pair: [...single, ...(bert ? [] : [sep]), { kind: 'pair', type }, { ...sep, type }] };
    }
    case 'Sequence': {
      const known = processor.processors!.filter((p) => p.type !== 'ByteLevel');
      return known.length <= 1 ? specialTokens(known[0]) : null;
    }
    default:
      return null;
  }
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
