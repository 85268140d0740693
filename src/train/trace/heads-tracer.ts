/**
 * Traces exits that read features during the heads stage. The backbone is frozen, so the tokens that each layer keeps, what
 * the heads read and the main classifier's logits are computed once; an epoch costs the heads alone.
 */
import { Graph } from '../../graph/index.ts';
import { exitGraphOf } from '../../pyramid/exits/exits.ts';
import { type Compile, float32, floats, type Program } from '../../runtime/runtime.ts';
import type { EncodedSet } from '../batch.ts';
import { type ModelState, tensorOf } from '../state.ts';
import type { HeadInputs, TextTrace, Tracer } from './tracer.ts';

export class HeadsTracer {
  readonly #state: ModelState;
  readonly #data: HeadInputs;
  readonly #program: Program;

  private constructor(state: ModelState, data: HeadInputs, program: Program) {
    this.#state = state;
    this.#data = data;
    this.#program = program;
  }

  /** `backbone` is asked once; the heads are read from `state` at each `trace`. */
  static async create(state: ModelState, backbone: Tracer, set: EncodedSet, compile: Compile): Promise<HeadsTracer> {
    const data = await backbone.headInputs(set);
    const g = new Graph();
    const weights = (name: string) => g.input(name, 'float32', tensorOf(state, name).shape);
    const { config, headSettings: settings } = state;
    const exit = exitGraphOf(settings.kind);
    if (!exit) throw new Error('internal: a heads stage without exits');
    data.features.forEach((_, i) => {
      const read = g.input(`features.${i + 1}`, 'float32', ['B', data.featureSize]);
      g.output(`exit.${i + 1}`, exit.logits(g, { weights, config, settings, layer: i + 1, read }));
    });
    return new HeadsTracer(state, data, await compile(g, 'judge-heads'));
  }

  /** As `Tracer.trace` of the same set. */
  async trace(): Promise<TextTrace[]> {
    const { features, featureSize, teacher, tokens } = this.#data;
    const labels = this.#state.config.labels.length;
    const texts = tokens.length;
    const outputs = await this.#program.run({
      ...Object.fromEntries([...this.#state.heads].map(([name, { shape, data }]) => [name, float32(data, ...shape)])),
      ...Object.fromEntries(features.map((data, i) => [`features.${i + 1}`, float32(data, texts, featureSize)])),
    });
    const heads = [...features.map((_, i) => floats(outputs[`exit.${i + 1}`])), teacher];
    return tokens.map((kept, text) => ({
      tokens: kept,
      logits: heads.map((head) => Array.from(head.subarray(text * labels, (text + 1) * labels))),
    }));
  }

  close(): Promise<void> {
    return this.#program.close();
  }
}
