/** What is allowed, but hardly meant: a model warns once of each. */
import type { Text } from './inputs.ts';
import type { ModelDescription } from './workers/messages.ts';

/** What differs between Node and a browser. */
export interface Host {
  readonly warn: (message: string) => void;
}

export class ModelWarnings {
  readonly #model: ModelDescription;
  readonly #host: Host;
  #warnedOfPairs = false;
  #warnedOfTau = false;
  #warnedOfAbstention = false;

  constructor(model: ModelDescription, host: Host) {
    this.#model = model;
    this.#host = host;
    const { abstentionVoid } = model.info;
    if (abstentionVoid)
      host.warn(
        `the model answers every text, also where it is unsure: what "calibrate --abstain" found holds no longer, ${abstentionVoid}; run it again`,
      );
  }

  /** The text as it is; warns of a pair for a model of single texts, or the reverse. */
  withPairChecked(text: Text): Text {
    const { pairs } = this.#model.info;
    if ((text.pair !== undefined) === pairs || this.#warnedOfPairs) return text;
    this.#warnedOfPairs = true;
    const message = pairs
      ? 'the model was trained on text pairs but gets single texts'
      : 'the model was trained on single texts but gets text pairs';
    this.#host.warn(message);
    return text;
  }

  /** Warns of a tau at which nothing is promised of the answers of a model that abstains. */
  checkTau(tau: number | null): void {
    const { abstention } = this.#model.info;
    // off is slower, not bolder
    if (!abstention || tau === null || tau === abstention.tau || this.#warnedOfAbstention) return;
    this.#warnedOfAbstention = true;
    this.#host.warn(
      `the score below which the model is unsure was found at tau ${abstention.tau ?? 'off'}: at tau ${tau} it is asked for as well, and nothing is promised`,
    );
  }

  /** The model's own tau; warns where there is none because it was chosen for another dtype. */
  ownTau(): number | null {
    const { dtype, info, voidTau } = this.#model;
    if (voidTau !== null && !this.#warnedOfTau) {
      this.#warnedOfTau = true;
      this.#host.warn(
        `early exit is off: the model's tau, ${voidTau}, was not chosen for ${dtype}; give a tau, or choose a new one (magic-pyramid calibrate --dtype ${dtype})`,
      );
    }
    return info.tau;
  }
}
