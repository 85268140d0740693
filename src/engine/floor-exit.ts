/**
 * Floor 0 where texts come in, in a worker or on the thread of the caller: the text is cut into pieces for it, asked before
 * anything of the network runs, and answered at once if it is sure enough (always, where there is no network). Knows no
 * threads and no sessions.
 */
import { type EncoderConfig, hasNetwork } from '../encoder/index.ts';
import { PyramidError } from '../errors.ts';
import type { Folder } from '../folder.ts';
import { type AnswerRule, answerRule } from '../pyramid/exits/answer-rule.ts';
import { leaves, type Uncertainty, uncertaintyOf } from '../pyramid/exits/exit-rule.ts';
import { addendOf, type ExitSum, exitSum, floorAnswer } from '../pyramid/exits/sum.ts';
import { Floor, type FloorParts, floorLength, secondOf } from '../pyramid/floor/index.ts';
import { floorModelOf, type PyramidInfo } from '../pyramid/folder/model-folder.ts';
import { type Encoding, type Tokenizer, tokenizerOf, unknownIn } from '../text/tokenizer/tokenizer.ts';
import { floorHistory } from './floor-history.ts';
import { inWindows, type Text } from './inputs.ts';
import { cutSide, type FloorSays, newHistory, type Outcome, type Rule, type TokenHistory } from './job.ts';
import type { TimedOutcome } from './workers/messages.ts';

export interface FloorExitModel {
  readonly floor: FloorParts;
  readonly tokenizer: Tokenizer;
  readonly config: EncoderConfig;
  readonly info: Pick<PyramidInfo, 'maxLength' | 'labelThresholds' | 'valueSpread'>;
}

/** What came of asking floor 0. */
export interface Asked {
  /** The text as floor 0 reads it, from its beginning and further than the network does. */
  readonly encoding: Encoding;
  /** [C]: z_0; null where the text has no feature. */
  readonly z0: readonly number[] | null;
  /** Milliseconds that asking it took, tokenising aside. */
  readonly ms: number;
}

/**
 * The longest text, in UTF-16 units with its pair, that is asked on the caller's thread; a unit that is not ASCII counts as
 * three, the bytes that byte-level BPE cuts. A nasty text of this length (no word of it known, each piece a letter) takes
 * about 1 ms, with a pause for memory 2, where an English one takes 0.1, and the rest of a turn of 5 ms is the caller's.
 */
export const ORDINARY_CHARACTERS = 2000;
/** Bytes of a UTF-16 unit that is not ASCII, at most. */
const UNIT_BYTES = 3;

export class FloorExit {
  readonly sum: ExitSum;
  readonly hasNetwork: boolean;
  readonly #floor: Floor;
  readonly #tokenizer: Tokenizer;
  readonly #longest: number;
  readonly #maxLength: number;
  readonly #rule: AnswerRule;

  /** Of a model folder, without its weights; null: it has no floor 0. Throws MP_FILE_MISSING, MP_MODEL_*. */
  static async of(folder: Folder): Promise<FloorExit | null> {
    const model = await floorModelOf(folder);
    return model && new FloorExit({ ...model, tokenizer: await tokenizerOf(folder) });
  }

  constructor({ floor, tokenizer, config, info }: FloorExitModel) {
    const { maxLength } = info;
    this.#rule = answerRule(config, info);
    this.sum = exitSum(floor);
    this.#floor = new Floor(floor);
    this.#tokenizer = tokenizer;
    this.#longest = floorLength(floor.info);
    this.hasNetwork = hasNetwork(config);
    this.#maxLength = this.hasNetwork ? maxLength : this.#longest;
  }

  ask({ text, pair }: Text): Asked {
    const encoding = this.#tokenizer.encode(text, pair, this.#longest);
    const start = performance.now();
    const z = this.#floor.logits(encoding.ids, secondOf(encoding));
    const z0 = z ? Array.from(z) : this.hasNetwork ? null : Array.from(this.#floor.bias);
    return { encoding, z0, ms: performance.now() - start };
  }

  /**
   * The whole outcome of a text, for whoever has no layers to go on with; null: it needs the network. For texts of ordinary
   * length: it may be asked on a thread that nothing may hold up. Throws MP_TEXT_LONG, MP_MODEL_LOGITS.
   */
  outcomeOf(text: Text, rule: Rule): TimedOutcome | null {
    if (!this.isFor(text, rule)) return null;
    const start = performance.now();
    const asked = this.ask(text);
    if (!this.answers(asked, rule)) return null;
    const outcome = this.outcome(0, text, asked, rule, 0);
    return { ...outcome, tokenizeMs: performance.now() - start - asked.ms, inferenceMs: asked.ms };
  }

  /** Whether a text is of ordinary length, and may leave at floor 0 under this rule. */
  isFor({ text, pair = '' }: Text, { trace, tau }: Pick<Rule, 'tau' | 'trace'>): boolean {
    return isOrdinary(text, pair) && (!this.hasNetwork || (!trace && tau !== null));
  }

  /** Whether it answers the text under this rule. Throws MP_MODEL_LOGITS. */
  answers({ z0 }: Asked, { tau, trace }: Pick<Rule, 'tau' | 'trace'>): boolean {
    if (z0 === null) return false;
    if (!z0.every(Number.isFinite)) throw new PyramidError('MP_MODEL_LOGITS', { layer: 0, logits: z0 });
    if (!this.hasNetwork) return true;
    if (trace || tau === null) return false;
    const u: Uncertainty | null = uncertaintyOf(this.#rule, floorAnswer(this.sum, z0), null);
    return u !== null && leaves(u, tau);
  }

  /** Of a text that it answers. `index` is for messages. Throws MP_TEXT_LONG. */
  outcome(id: number, text: Text, asked: Asked, { truncate, stride, explain }: Rule, index: number): Outcome {
    const { encoding, z0 } = asked;
    // with windows nothing of it is cut off but what floor 0 itself does not read
    const isAll = stride !== undefined;
    const { tokens, truncated } = isAll
      ? { tokens: encoding.ids.length, truncated: encoding.truncated }
      : this.#sizeFor(text, encoding);
    if (truncated && truncate === 'never') throw this.#tooLong(index);
    const tokenHistory = explain ? this.history(asked, encoding) : null;
    // of a pair that is cut for the network, about so many
    const unknown = unknownIn(encoding.ids, this.#tokenizer, Math.min(tokens, encoding.ids.length));
    return { id, window: 0, exit: 0, tokens: [tokens], logits: [], floor: z0, truncated, unknown, tokenHistory };
  }

  /** Of a text that goes on: what the network gets of it, in windows where it is too long and `stride` says so. Throws MP_TEXT_LONG. */
  forNetwork({ text, pair }: Text, { encoding }: Asked, { truncate, stride }: Rule, index: number): Encoding[] {
    if (this.#isWhole(encoding)) return [encoding];
    if (stride !== undefined) return inWindows(this.#tokenizer, text, this.#maxLength, stride);
    const own = this.#tokenizer.encode(text, pair, this.#maxLength, cutSide(truncate, this.#tokenizer));
    if (own.truncated && truncate === 'never') throw this.#tooLong(index);
    return [own];
  }

  /** What it has to say in the sums of the exits. */
  says({ z0 }: Asked): FloorSays {
    return { floor: z0, addend: addendOf(this.sum, z0) };
  }

  /** Of a text that is explained; `encoding` is what the network gets. */
  history(asked: Asked, encoding: Encoding): TokenHistory {
    const floor = asked.z0 && floorHistory(this.#floor, asked.encoding, encoding);
    return newHistory(encoding, this.#tokenizer.piece, floor);
  }

  /** Tokens of the text as the network would get it, without making it where that can be told. */
  #sizeFor({ text, pair }: Text, encoding: Encoding): { readonly tokens: number; readonly truncated: boolean } {
    if (this.#isWhole(encoding)) return { tokens: encoding.ids.length, truncated: false };
    // what is cut to a length has that length
    if (encoding.ids.length >= this.#maxLength) return { tokens: this.#maxLength, truncated: true };
    const own = this.#tokenizer.encode(text, pair, this.#maxLength);
    return { tokens: own.ids.length, truncated: own.truncated };
  }

  /** The network gets the same. */
  #isWhole({ ids, truncated }: Encoding): boolean {
    return !truncated && ids.length <= this.#maxLength;
  }

  #tooLong(index: number): PyramidError {
    return new PyramidError('MP_TEXT_LONG', { index, maxLength: this.#maxLength });
  }
}

function isOrdinary(text: string, pair: string): boolean {
  const length = text.length + pair.length;
  if (length > ORDINARY_CHARACTERS) return false;
  return length * UNIT_BYTES <= ORDINARY_CHARACTERS || lengthInBytes(text) + lengthInBytes(pair) <= ORDINARY_CHARACTERS;
}

/** About: half a character beyond the basic plane counts as three too. */
function lengthInBytes(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) length += UNIT_BYTES - 1;
  return length;
}
