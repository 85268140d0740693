/** A text that has come to a worker: answered by floor 0 at once, or a job for the layers. */
import { PyramidError } from '../errors.ts';
import type { PyramidInfo } from '../pyramid/folder/model-folder.ts';
import { type Tokenizer, unknownIn } from '../text/tokenizer/tokenizer.ts';
import type { FloorExit } from './floor-exit.ts';
import type { Text } from './inputs.ts';
import { type Job, newHistory, newJob, type Outcome, type Rule } from './job.ts';

export interface Intake {
  readonly tokenizer: Tokenizer;
  readonly info: Pick<PyramidInfo, 'maxLength'>;
  /** Null: the model has no floor 0. */
  readonly floorExit: FloorExit | null;
}

export interface TakenIn {
  /** One of the two is there. */
  readonly job: Job | null;
  readonly outcome: Outcome | null;
  /** Milliseconds that floor 0 took; null where there is none. */
  readonly floorMs: number | null;
}

/** `index` is its place among the texts that were asked for together, for messages. Throws MP_TEXT_LONG, MP_MODEL_LOGITS. */
export function takeIn(intake: Intake, id: number, text: Text, rule: Rule, index = 0): TakenIn {
  const { tokenizer, info, floorExit } = intake;
  if (!floorExit) {
    const { truncate = 'right' } = rule;
    const { maxLength } = info;
    const encoding = tokenizer.encode(text.text, text.pair, maxLength, truncate === 'left' ? 'left' : 'right');
    if (encoding.truncated && truncate === 'never') throw new PyramidError('MP_TEXT_LONG', { index, maxLength });
    const history = rule.explain ? newHistory(encoding, tokenizer.piece) : null;
    return {
      job: newJob(id, encoding, rule, undefined, history, unknownIn(encoding.ids, tokenizer)),
      outcome: null,
      floorMs: null,
    };
  }
  const asked = floorExit.ask(text);
  const floorMs = asked.ms;
  if (floorExit.answers(asked, rule)) {
    return { job: null, outcome: floorExit.outcome(id, text, asked, rule, index), floorMs };
  }
  const encoding = floorExit.forNetwork(text, asked, rule, index);
  const history = rule.explain ? floorExit.history(asked, encoding) : null;
  const unknown = unknownIn(encoding.ids, tokenizer);
  return { job: newJob(id, encoding, rule, floorExit.says(asked), history, unknown), outcome: null, floorMs };
}
