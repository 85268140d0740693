/** A text that has come to a worker: answered by floor 0 at once, or a job for the layers; several where it runs as windows. */
import { PyramidError } from '../errors.ts';
import type { PyramidInfo } from '../pyramid/folder/model-folder.ts';
import { type Encoding, type Tokenizer, unknownIn } from '../text/tokenizer/tokenizer.ts';
import type { FloorExit } from './floor-exit.ts';
import { inWindows, type Text } from './inputs.ts';
import { cutSide, type Job, newHistory, newJob, type Outcome, type Rule } from './job.ts';

export interface Intake {
  readonly tokenizer: Tokenizer;
  readonly info: Pick<PyramidInfo, 'maxLength'>;
  /** Null: the model has no floor 0. */
  readonly floorExit: FloorExit | null;
}

export interface TakenIn {
  /** One for each window; none where there is an outcome. */
  readonly jobs: readonly Job[];
  readonly outcome: Outcome | null;
  /** Milliseconds that floor 0 took; null where there is none. */
  readonly floorMs: number | null;
}

/** `index` is its place among the texts that were asked for together, for messages. Throws MP_TEXT_LONG, MP_MODEL_LOGITS. */
export function takeIn(intake: Intake, id: number, text: Text, rule: Rule, index = 0): TakenIn {
  const { tokenizer, floorExit } = intake;
  if (!floorExit) {
    const jobs = encodingsOf(intake, text, rule, index).map((encoding, window) => {
      const history = rule.explain ? newHistory(encoding, tokenizer.piece) : null;
      return newJob(id, encoding, rule, undefined, history, unknownIn(encoding.ids, tokenizer), window);
    });
    return { jobs, outcome: null, floorMs: null };
  }
  const asked = floorExit.ask(text);
  const floorMs = asked.ms;
  if (floorExit.answers(asked, rule)) {
    return { jobs: [], outcome: floorExit.outcome(id, text, asked, rule, index), floorMs };
  }
  // what floor 0 says is of the whole text, and every window has it: the sum is of two that have read the same text
  const says = floorExit.says(asked);
  const jobs = floorExit.forNetwork(text, asked, rule, index).map((encoding, window) => {
    const history = rule.explain ? floorExit.history(asked, encoding) : null;
    return newJob(id, encoding, rule, says, history, unknownIn(encoding.ids, tokenizer), window);
  });
  return { jobs, outcome: null, floorMs };
}

/** What the network gets of a text: one encoding, or its windows. */
function encodingsOf({ tokenizer, info }: Intake, { text, pair }: Text, rule: Rule, index: number): Encoding[] {
  const { truncate, stride } = rule;
  const { maxLength } = info;
  if (stride !== undefined) return inWindows(tokenizer, text, maxLength, stride);
  const encoding = tokenizer.encode(text, pair, maxLength, cutSide(truncate, tokenizer));
  if (encoding.truncated && truncate === 'never') throw new PyramidError('MP_TEXT_LONG', { index, maxLength });
  return [encoding];
}
