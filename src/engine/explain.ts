/** What a page draws of one text: how long each token stays, and the scores of each layer's exit head. */
import { exitLayer, hasUncertainty, toNumber, uncertainty } from '../pyramid/exits/exit-rule.ts';
import { argmax } from '../pyramid/logits.ts';
import { problems } from '../pyramid/problem.ts';
import type { Outcome } from './job.ts';
import type { ModelDescription } from './workers/messages.ts';

export interface Explanation {
  /** The answer at this tau, as `classify` gives it. */
  readonly label: string;
  readonly score: number;
  readonly exit: number;
  readonly tau: number | null;
  /** The text was longer than the model's maximum, and cut. */
  readonly truncated: boolean;
  /** [n]: the text as the network gets it, special pieces included ('[CLS]', 'play', '##ing'). */
  readonly pieces: readonly string[];
  /** [n]: 1 where a piece is of the second text of a pair. */
  readonly types: readonly number[];
  /** [L], as if nothing left early. */
  readonly layers: readonly ExplainedLayer[];
}

export interface ExplainedLayer {
  /**
   * [n]: importance of each piece (mean attention that it receives; a layer's sum is 1), null where it was removed
   * before. All null for a model that prunes nothing, which has no use for it.
   */
  readonly importance: readonly (number | null)[];
  /** [n]: whether the piece is left after the layer. */
  readonly kept: readonly boolean[];
  /** Score of each label by the layer's head (the main classifier at the last); null where none is asked. */
  readonly scores: Readonly<Record<string, number>> | null;
  /** Of those scores, 0 to 1; null where there are none, or for answers that have none (several labels, a number). */
  readonly uncertainty: number | null;
}

export function explanationOf(
  { config }: ModelDescription,
  { tokenHistory, logits, truncated }: Outcome,
  tau: number | null,
): Explanation {
  if (!tokenHistory) throw new Error('internal: a text came back without its history');
  const { pieces, types } = tokenHistory;
  const problem = problems[config.problemType];
  const uncertainties = logits.map((row) =>
    row.length > 0 && hasUncertainty(config.problemType) ? uncertainty(row) : null,
  );
  const exit = exitLayer(uncertainties, tau);
  const answer = problem.activation(logits[exit - 1]);
  const best = argmax(answer);
  let entering: readonly number[] = pieces.map((_, i) => i);
  const layers = tokenHistory.layers.map(({ importance, kept }, i) => {
    const row = logits[i];
    const u = uncertainties[i];
    const scores = row.length > 0 ? problem.activation(row) : null;
    const byPiece = new Array<number | null>(pieces.length).fill(null);
    importance?.forEach((value, at) => {
      byPiece[entering[at]] = value;
    });
    entering = kept;
    const left = new Set(kept);
    return {
      importance: byPiece,
      kept: pieces.map((_, at) => left.has(at)),
      scores: scores && Object.fromEntries(config.labels.map((label, c) => [label, scores[c]])),
      uncertainty: u === null ? null : toNumber(u),
    };
  });
  return { label: config.labels[best], score: answer[best], exit, tau, truncated, pieces, types, layers };
}
