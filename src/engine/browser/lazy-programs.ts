/**
 * Programs that are compiled when they are first run, or one after another while the engine is idle. The first answer
 * needs only one or two of a model's pieces, and a reader who opens a page waits for it.
 */
import type { Graph } from '../../graph/index.ts';
import type { Compile, Program } from '../../runtime/runtime.ts';

export class LazyPrograms {
  readonly #compile: Compile;
  #waiting: (() => Promise<Program>)[] = [];

  constructor(compile: Compile) {
    this.#compile = compile;
  }

  readonly compile: Compile = async (graph, name) => {
    let compiled: Promise<Program> | null = null;
    // the closures below live as long as the program: they must not hold on to the graph, which has the weights
    let left: Graph | null = graph;
    const get = () => {
      this.#waiting = this.#waiting.filter((one) => one !== get);
      compiled ??= this.#compile(left!, name);
      left = null;
      return compiled;
    };
    this.#waiting.push(get);
    return {
      run: async (inputs, into) => (await get()).run(inputs, into),
      close: async () => {
        this.#waiting = this.#waiting.filter((one) => one !== get);
        await (await compiled)?.close();
      },
    };
  };

  /** Compiles what is left, after `pause` each time. What goes wrong is told when the program is run. */
  async compileAll(pause: () => Promise<void>): Promise<void> {
    for (await pause(); this.#waiting.length > 0; await pause()) await this.#waiting[0]().catch(() => {});
  }
}
