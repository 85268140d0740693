/**
 * The whole pyramid as one graph of standard operators, for any runtime: floor 0, then layer by layer the exit head, which is
 * asked before its layer runs, and the layer with its removal of tokens, for the texts that stay. What lies behind an exit is
 * a branch that is only computed if some text stays, so that layers that no text needs are skipped. The pieces are those that
 * training and the engine use.
 */
import { block, hasNetwork, pooledRow, readRows, type Weights } from '../encoder/index.ts';
import type { WeightBits } from '../engine/int8.ts';
import { Graph, type Value } from '../graph/index.ts';
import { answerRule } from '../pyramid/exits/answer-rule.ts';
import { leaveInGraph } from '../pyramid/exits/exit-rule-graph.ts';
import { type ExitGraph, exitGraphAt, exitOf, features, rowFeatures } from '../pyramid/exits/exits.ts';
import { exitSum, temperatureAt } from '../pyramid/exits/sum.ts';
import { isAsked, type PyramidModel } from '../pyramid/folder/model-folder.ts';
import { peek } from '../pyramid/peek.ts';
import { hardSelect } from '../pyramid/prune.ts';
import { floorLogits } from './floor-graph.ts';
import { cutTokens, type Frame, type GivenTokens, givenTokens } from './given-tokens.ts';
import { enteringTexts, type LiveTexts, onlyStaying, stayingTexts } from './live-texts.ts';
import { writtenWeights } from './written-weights.ts';

export interface PyramidGraphOptions {
  readonly frame: Frame;
  /** `input`: given with each run; a number: always this; null: off, no exit head and no floor 0 is asked. */
  readonly tau: 'input' | number | null;
  /** Of whole-number weights; null: float32. */
  readonly bits: WeightBits | null;
}

/** Names of the outputs. */
export const OUTPUTS = { logits: 'logits', scores: 'scores', exit: 'exit' } as const;

/** What the texts of a level are answered. */
interface Answers {
  /** [B, C]: what the scores are made from. */
  readonly logits: Value;
  /** int64 [B]: the layer that answered, 0 of floor 0. */
  readonly exit: Value;
}

/**
 * Inputs `input_ids`, `attention_mask` and, where the network has them, `token_type_ids`, int64 [B, S] (every text at least one
 * token), and `tau`, a float32 scalar. Outputs `logits` [B, C], `scores` [B, C] (of a number there are none) and `exit` [B].
 */
export function pyramidGraph(model: PyramidModel, options: PyramidGraphOptions): Graph {
  const g = new Graph();
  const tokens = givenTokens(g, model.config, options.frame, model.info.pairs);
  const tau = options.tau === 'input' ? g.input('tau', 'float32', []) : options.tau;
  const { logits, exit } = new Levels(model, options, typeof tau === 'number' ? g.scalar(tau) : tau).write(g, tokens);
  g.output(OUTPUTS.logits, logits);
  const { problemType } = model.config;
  if (problemType === 'single_label_classification') g.output(OUTPUTS.scores, g.softmax(logits));
  if (problemType === 'multi_label_classification') g.output(OUTPUTS.scores, g.sigmoid(logits));
  g.output(OUTPUTS.exit, exit);
  return g;
}

class Levels {
  readonly #model: PyramidModel;
  readonly #options: PyramidGraphOptions;
  /** null: off. */
  readonly #tau: Value | null;
  readonly #weightsIn: ReturnType<typeof writtenWeights>;

  constructor(model: PyramidModel, options: PyramidGraphOptions, tau: Value | null) {
    this.#model = model;
    this.#options = options;
    this.#tau = tau;
    this.#weightsIn = writtenWeights(model);
  }

  write(g: Graph, tokens: GivenTokens): Answers {
    const { floor, config } = this.#model;
    if (!floor) return this.#network(g, tokens, null, null);
    const { z0, isKnown, bias } = floorLogits(g, floor, { tokens, frame: this.#options.frame }); // [B, C], [B], [C]
    const { weight, prior, scale } = exitSum(floor);
    if (!hasNetwork(config)) {
      const answer = g.where(g.unsqueeze(isKnown, 1), z0, bias); // [B, C]
      return { logits: g.mul(answer, scale), exit: this.#exits(g, 0, z0) };
    }
    const added = () =>
      g.where(
        g.unsqueeze(isKnown, 1),
        g.mul(g.sub(z0, g.constant('prior', Float32Array.from(prior), [prior.length])), weight),
        0,
      ); // [B, C]
    const addend = weight === 0 ? null : added();
    if (this.#tau === null) return this.#network(g, tokens, null, addend);
    const own = g.mul(z0, scale); // [B, C]
    const sure = leaveInGraph(g, answerRule(config, this.#model.info), own, null, this.#tau); // [B]
    if (!sure) throw new Error('internal: a floor 0 of a number');
    return this.#answered(
      g,
      { logits: own, exit: this.#exits(g, 0, own) },
      g.op('And', [sure, isKnown], {}),
      '0',
      (branch, staying) => this.#network(branch, tokens, staying, addend),
    );
  }

  #network(
    g: Graph,
    tokens: GivenTokens,
    staying: ReturnType<typeof stayingTexts> | null,
    addend: Value | null,
  ): Answers {
    const { config, info } = this.#model;
    const read = cutTokens(g, tokens, this.#options.frame, info.maxLength);
    const weights = this.#weightsIn(g, this.#options.bits);
    return this.#level(g, 1, enteringTexts(g, weights, config, tokens, read, staying, addend));
  }

  /** From the rows that enter `layer`. */
  #level(g: Graph, layer: number, live: LiveTexts): Answers {
    const { config, headSettings } = this.#model;
    if (layer === config.layers) return this.#answers(g, layer, this.#peeked(g, layer, live), live);
    const goOn = (branch: Graph, texts: LiveTexts) => this.#level(branch, layer + 1, texts);
    if (this.#tau === null || !isAsked(this.#model, layer)) return goOn(g, this.#run(g, layer, live));
    if (exitOf(headSettings.kind)?.asked === 'before') {
      return this.#asked(g, layer, live, this.#peeked(g, layer, live), (branch, texts) =>
        goOn(branch, this.#run(branch, layer, texts)),
      );
    }
    const after = this.#run(g, layer, live);
    return this.#asked(g, layer, after, this.#headLogits(g, layer, after), goOn);
  }

  /** The exit of `layer` is asked: `logits` [B, C] are the network's own. */
  #asked(
    g: Graph,
    layer: number,
    live: LiveTexts,
    logits: Value,
    goOn: (branch: Graph, staying: LiveTexts) => Answers,
  ): Answers {
    const { config, info } = this.#model;
    const sum = live.addend ? g.add(logits, live.addend) : logits; // [B, C]
    const leave = leaveInGraph(g, answerRule(config, info), sum, live.before, this.#tau!);
    const asked = { ...live, before: config.problemType === 'regression' ? logits : null };
    if (!leave) return goOn(g, asked);
    return this.#answered(g, this.#answers(g, layer, logits, live), leave, String(layer), (branch, staying) =>
      goOn(branch, onlyStaying(branch, asked, staying, String(layer))),
    );
  }

  /** `own` for the texts that leave, for the others what `goOn` gives, which is only computed if there are some. */
  #answered(
    g: Graph,
    own: Answers,
    leave: Value,
    level: string,
    goOn: (branch: Graph, staying: ReturnType<typeof stayingTexts>) => Answers,
  ): Answers {
    const staying = stayingTexts(g, leave, level);
    const some = g.op('Less', [g.scalar(0, 'int64'), g.extent(staying.count)], {});
    const [logits, exit] = g.if(
      some,
      (branch) => {
        const later = goOn(branch, staying);
        const at = branch.unsqueeze(staying.texts, 1); // [B′, 1]
        return [
          branch.op('ScatterRows', [own.logits, at, later.logits], {}),
          branch.op('ScatterRows', [own.exit, at, later.exit], {}),
        ];
      },
      () => [own.logits, own.exit],
    );
    return { logits, exit };
  }

  /** The answers of an exit from the network's own logits. */
  #answers(g: Graph, layer: number, logits: Value, { addend }: LiveTexts): Answers {
    const sum = addend ? g.add(logits, addend) : logits;
    const temperature = temperatureAt(this.#model.info.exitTemperatures, layer);
    return { logits: temperature === 1 ? sum : g.mul(sum, temperature), exit: this.#exits(g, layer, logits) };
  }

  /** int64 [B], for as many texts as `logits` [B, C] has. */
  #exits(g: Graph, layer: number, { shape: [texts] }: Value): Value {
    return g.expand(g.scalar(layer, 'int64'), [texts]);
  }

  /** `layer`'s logits before it runs, [B, C]; see peekGraph in src/engine/graphs.ts, also for why an exit head's is float32. */
  #peeked(g: Graph, layer: number, live: LiveTexts): Value {
    const { x, layout, segments } = live;
    const { config, headSettings: settings } = this.#model;
    const isLast = layer === config.layers;
    const weights = this.#weightsIn(g, isLast ? this.#options.bits : null);
    const exit = this.#exit(layer);
    const answered = (read: Value) => exit.logits(g, { weights, config, settings, layer, read });
    if (isLast && config.form.pooling === 'mean') {
      const left = this.#run(g, layer, live);
      return answered(pooledRow(g, weights, config, left.x, left.layout));
    }
    const asRead = (rows: Value) => readRows(g, weights, config, rows);
    const { cls } = peek(g, weights, config, layer - 1, x, layout);
    const beside = rowFeatures(g, exit, layer, () => ({
      entering: g.op('PadRows', [asRead(x), layout.pad, layout.unpad], {}),
      layout,
      segments: settings.pairs ? segments : null,
    }));
    return answered(isLast ? asRead(cls) : features(g, asRead(cls), beside));
  }

  /** The logits of an exit that reads the rows which `layer` left, [B, C]. */
  #headLogits(g: Graph, layer: number, { x, layout }: LiveTexts): Value {
    const { config, headSettings: settings } = this.#model;
    const weights = this.#weightsIn(g, this.#options.bits);
    const read = readRows(g, weights, config, x);
    return this.#exit(layer).logits(g, { weights, config, settings, layer, read, layout });
  }

  #exit(layer: number): ExitGraph {
    const exit = exitGraphAt(this.#model.headSettings.kind, layer, this.#model.config.layers);
    if (!exit) throw new Error(`internal: layer ${layer} has no exit`);
    return exit;
  }

  /** The rows that `layer` leaves. */
  #run(g: Graph, layer: number, live: LiveTexts): LiveTexts {
    const { config, thresholds } = this.#model;
    const weights: Weights = this.#weightsIn(g, this.#options.bits);
    const threshold = thresholds?.[layer - 1];
    let rows: Value | null = null;
    const select =
      threshold === undefined
        ? undefined
        : hardSelect(g, g.scalar(threshold), { rows: `N${layer}left`, padded: `S${layer}left` });
    const { x, layout } = block(g, weights, config, layer - 1, live.x, live.layout, {
      select:
        select &&
        ((score, before) => {
          const selection = select(score, before);
          rows = selection.rows;
          return selection;
        }),
    });
    const segments = rows && live.segments ? g.takeRows(live.segments, rows) : live.segments;
    return { ...live, x, layout, segments };
  }
}
