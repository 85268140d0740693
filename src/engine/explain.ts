/**
 * What a page draws of one text: what floor 0 makes of its words, how long each token stays, and the scores of each exit,
 * which are those of the sums where there is a floor 0.
 */
import { answerRule } from '../pyramid/exits/answer-rule.ts';
import { askedBefore, exitLayer, toNumber, uncertaintyOf } from '../pyramid/exits/exit-rule.ts';
import { exitLogits, temperatureAt, tempered } from '../pyramid/exits/sum.ts';
import { isSure } from '../pyramid/folder/abstention.ts';
import { argmax } from '../pyramid/logits.ts';
import { problems } from '../pyramid/problem.ts';
import { type Answer, labelsOf } from './answer.ts';
import type { Outcome } from './job.ts';
import type { ModelDescription } from './workers/messages.ts';

/** What became of a text, piece by piece and layer by layer. */
export interface Explanation {
  /** The likeliest label at this tau. */
  readonly label: string;
  /** Its score, 0 to 1. */
  readonly score: number;
  /** That score is too low to answer by: the model abstains, and `classify` says "unsure". */
  readonly unsure: boolean;
  /** As in `Answer`. */
  readonly labels?: Answer['labels'];
  /** The layer that answers, from 1; 0: floor 0. */
  readonly exit: number;
  /** The dial; null is off. */
  readonly tau: number | null;
  /** The text was longer than the model's maximum, and cut. */
  readonly truncated: boolean;
  /** [n]: the text as the network gets it, special pieces included ('[CLS]', 'play', '##ing'). */
  readonly pieces: readonly string[];
  /** [n]: 1 where a piece is of the second text of a pair. */
  readonly types: readonly number[];
  /** What floor 0 makes of it; null where it is not asked: the model has none, or the text has nothing that it knows. */
  readonly floor: ExplainedFloor | null;
  /** [L], as if nothing left early; none where there is no network. */
  readonly layers: readonly ExplainedLayer[];
}

/** Floor 0's logits z_0 are the sum of `contributions`, `beyond`, `bias` and the logits of `figures`. */
export interface ExplainedFloor {
  /** Score of each label by floor 0 alone. */
  readonly scores: Readonly<Record<string, number>>;
  /** Of those scores, 0 to 1. */
  readonly uncertainty: number;
  /** [n] of [C]: what each of `pieces` adds to z_0; an n-gram's part is shared evenly among the pieces of all its places. */
  readonly contributions: readonly (readonly number[])[];
  /** [C]: the same of all pieces beyond those that the network reads. */
  readonly beyond: readonly number[];
  /** [C] */
  readonly bias: readonly number[];
  /** Of a pair: the overlap figures. */
  readonly figures: readonly { readonly name: string; readonly logits: readonly number[] }[];
}

/** What became of a text at one layer. */
export interface ExplainedLayer {
  /**
   * [n]: importance of each piece (mean attention that it receives; a layer's sum is 1), null where it was removed
   * before. All null for a model that prunes nothing, which has no use for it.
   */
  readonly importance: readonly (number | null)[];
  /** [n]: whether the piece is left after the layer. */
  readonly kept: readonly boolean[];
  /** Score of each label by the layer's head, floor 0 added (the main classifier at the last); null where none is asked. */
  readonly scores: Readonly<Record<string, number>> | null;
  /**
   * Of those scores without their temperature, 0 to 1: what tau is compared with. null where there are none, and at the first exit
   * that gives a number, which has none to agree with.
   */
  readonly uncertainty: number | null;
}

export function explanationOf(
  model: ModelDescription,
  { tokenHistory, logits, floor: z0, truncated }: Outcome,
  tau: number | null,
): Explanation {
  if (!tokenHistory) throw new Error('internal: a text came back without its history');
  const { config, sum, info } = model;
  const { pieces, types } = tokenHistory;
  const rule = answerRule(config, info);
  const problem = problems[config.problemType];
  const byLabel = (scores: readonly number[]) =>
    Object.fromEntries(config.labels.map((label, c) => [label, scores[c]]));
  const exits = exitLogits(logits, z0, sum);
  const uncertainties = exits.layers.map((row, i) =>
    row.length > 0 ? uncertaintyOf(rule, row, askedBefore(exits.layers, i)) : null,
  );
  const atFloor = exits.floor && uncertaintyOf(rule, exits.floor, null);
  const floor = exits.floor &&
    atFloor &&
    tokenHistory.floor && {
      scores: byLabel(problem.activation(exits.floor)),
      uncertainty: toNumber(atFloor),
      ...tokenHistory.floor,
    };
  const exit = exitLayer(uncertainties, tau, atFloor);
  const scoresOf = (row: readonly number[], layer: number) =>
    problem.activation(tempered(row, temperatureAt(info.exitTemperatures, layer)));
  const answer = scoresOf(exit === 0 ? exits.floor! : exits.layers[exit - 1], exit);
  const best = argmax(answer);
  let entering: readonly number[] = pieces.map((_, i) => i);
  const layers = tokenHistory.layers.map(({ importance, kept }, i) => {
    const row = exits.layers[i];
    const u = uncertainties[i];
    const scores = row.length > 0 ? scoresOf(row, i + 1) : null;
    const byPiece = new Array<number | null>(pieces.length).fill(null);
    importance?.forEach((value, at) => {
      byPiece[entering[at]] = value;
    });
    entering = kept;
    const left = new Set(kept);
    return {
      importance: byPiece,
      kept: pieces.map((_, at) => left.has(at)),
      scores: scores && byLabel(scores),
      uncertainty: u === null ? null : toNumber(u),
    };
  });
  const unsure = !isSure(model.info.abstention, answer[best]);
  return {
    label: config.labels[best],
    score: answer[best],
    unsure,
    ...labelsOf(model, answer),
    exit,
    tau,
    truncated,
    pieces,
    types,
    floor,
    layers,
  };
}
