/**
 * How far the texts of now are from those that the tau was certified on: which exits they leave at, how long they are, how many
 * of their pieces are unknown. It needs no second answer, and says nothing of whether answers are right: signs that a
 * disagreement may follow. Counts the last texts, whatever their number was before.
 */
import type { Certificate } from '../../pyramid/folder/certificate.ts';

/** What drift is measured from. */
export type Usual = Pick<Certificate, 'exits' | 'texts'>;

/** What is known of an answered text. */
export interface Passed {
  readonly exit: number;
  /** Tokens by layer, the first of them as the network gets the text. */
  readonly tokens: readonly number[];
  /** Unknown pieces among the first of them. */
  readonly unknown: number;
}

export interface DriftState {
  /** Texts that it is of. */
  readonly texts: number;
  /** Half the sum of differences between shares of exits then and now, 0 (the same) to 1; null: too few texts, or no certificate. */
  readonly exits: number | null;
  /** Mean length less the certificate's, in its standard deviations; null as above. */
  readonly length: number | null;
  /** Share of unknown pieces, 0 to 1; null: too few texts. */
  readonly unknown: number | null;
  /** The certificate's; null: there is none, or it does not say. */
  readonly usualUnknown: number | null;
}

/** The figures are of the last one to two times so many texts. */
export const BLOCK = 5000;
/** With fewer texts chance alone moves the figures. */
export const LEAST_TEXTS = 500;

interface Block {
  texts: number;
  tokens: number;
  unknown: number;
  /** [L+1] */
  readonly exits: number[];
}

export class Drift {
  readonly #layers: number;
  readonly #usual: Usual | null;
  #now: Block;
  #before: Block;

  /** `usual` null: nothing to compare with. */
  constructor(layers: number, usual: Usual | null) {
    this.#layers = layers;
    this.#usual = usual;
    this.#now = this.#empty();
    this.#before = this.#empty();
  }

  add({ exit, tokens, unknown }: Passed): void {
    if (this.#now.texts === BLOCK) {
      this.#before = this.#now;
      this.#now = this.#empty();
    }
    const block = this.#now;
    block.texts++;
    block.tokens += tokens[0];
    block.unknown += unknown;
    block.exits[exit]++;
  }

  get state(): DriftState {
    const [a, b] = [this.#now, this.#before];
    const texts = a.texts + b.texts;
    const usualUnknown = this.#usual?.texts.unknown ?? null;
    if (texts < LEAST_TEXTS) return { texts, exits: null, length: null, unknown: null, usualUnknown };
    const tokens = a.tokens + b.tokens;
    const unknown = tokens > 0 ? (a.unknown + b.unknown) / tokens : 0;
    if (this.#usual === null) return { texts, exits: null, length: null, unknown, usualUnknown };
    const { exits, texts: then } = this.#usual;
    // total variation distance: ½ Σ |p_e − q_e|
    const apart = a.exits.reduce((sum, n, exit) => sum + Math.abs((n + b.exits[exit]) / texts - (exits[exit] ?? 0)), 0);
    const longer = tokens / texts - then.length;
    // texts of one length all: any other is infinitely far away, the same one is not
    const length = longer === 0 ? 0 : longer / then.spread;
    return { texts, exits: apart / 2, length, unknown, usualUnknown };
  }

  #empty(): Block {
    return { texts: 0, tokens: 0, unknown: 0, exits: new Array<number>(this.#layers + 1).fill(0) };
  }
}
