/**
 * The compiled pieces of one model, and how a batch of jobs goes through each: rows gathered in, rows and logits given
 * back to the jobs. The scheduler decides which batch goes where.
 */
import {
  type EncoderConfig,
  hasNetwork,
  placeOf,
  readsPlaces,
  type StoredTensor,
  WORD_EMBEDDINGS,
} from '../encoder/index.ts';
import type { Graph } from '../graph/index.ts';
import { letGo } from '../let-go.ts';
import { exitOf } from '../pyramid/exits/exits.ts';
import { type Dtype, isAsked, type PyramidModel } from '../pyramid/folder/model-folder.ts';
import { type Compile, float32, floats, type Program, type Tensor } from '../runtime/runtime.ts';
import { layoutTensors, lowHalves, whole } from './given-layout.ts';
import {
  asWritten,
  blockGraph,
  countGraph,
  headGraph,
  keysGraph,
  peekGraph,
  takesKeys,
  type Written,
} from './graphs.ts';
import { type WeightBits, weightBits } from './int8.ts';
import { type Job, recordTokens, rowsOf } from './job.ts';

export type PieceKind = 'peek' | 'block' | 'head' | 'count';
/** `keys`: those that a block takes, for texts that were not peeked at; no text waits for it by itself. */
type ProgramKind = PieceKind | 'keys';

interface Piece {
  readonly program: Program;
  readonly inputs: readonly string[];
}

export class Programs {
  /** Of int8 weights; null with float32. */
  readonly weightBits: WeightBits | null;
  readonly #config: EncoderConfig;
  readonly #words: StoredTensor;
  readonly #pieces: ReadonlyMap<string, Piece>;
  /** Where the rows of a batch are put side by side: a run reads it and is done with it. */
  readonly #gathered = { x: new Float32Array(0), keys: new Float32Array(0) };
  readonly #wordRows: Float32Array[] = [];
  /** What only the graphs were written from. */
  #written: StoredTensor[];

  private constructor({ model, bits }: Written, pieces: ReadonlyMap<string, Piece>) {
    const { config, parameters, heads } = model;
    this.#written = [...parameters, ...heads].flatMap(([name, tensor]) => (name === WORD_EMBEDDINGS ? [] : [tensor]));
    this.weightBits = bits;
    this.#config = config;
    this.#words = parameters.get(WORD_EMBEDDINGS)!;
    this.#pieces = pieces;
  }

  /** Compiles all pieces. */
  static async create(model: PyramidModel, compile: Compile, dtype: Dtype = 'fp32'): Promise<Programs> {
    const isInt8 = dtype === 'int8' && hasNetwork(model.config);
    const written = asWritten(model, isInt8 ? await weightBits(compile) : null);
    const pieces = new Map<string, Piece>();
    const programs = piecesOf(model).flatMap(({ kind, layer }): { kind: ProgramKind; layer: number }[] =>
      kind === 'block' && takesKeys(written, layer)
        ? [
            { kind: 'keys', layer },
            { kind, layer },
          ]
        : [{ kind, layer }],
    );
    for (const { kind, layer } of programs) {
      const graph = graphOf(written, kind, layer);
      const name = pieceName(kind, layer);
      pieces.set(name, { program: await compile(graph, name), inputs: graph.inputs.map((input) => input.name) });
    }
    return new Programs(written, pieces);
  }

  /** Frees the model's weights but for the word embeddings. Once all pieces are compiled; the model is of no use then. */
  letGoOfWeights(): void {
    for (const { data } of this.#written) letGo(data);
    this.#written = [];
  }

  /** Asks the head of `layer` and notes its logits: `peek` before the layer has run, `head` after it. */
  async ask(kind: 'peek' | 'head', layer: number, jobs: readonly Job[]): Promise<void> {
    const { logits, keys } = await this.#run(kind, layer, jobs);
    if (keys) giveKeys(keys, jobs);
    const values = floats(logits);
    const labels = logits.dims[1];
    jobs.forEach((job, i) => {
      while (job.logits.length < layer - 1) job.logits.push([]);
      job.logits.push(Array.from(values.subarray(i * labels, (i + 1) * labels)));
    });
  }

  /** Runs `layer`: the jobs' rows become those that leave it. */
  async advance(layer: number, jobs: readonly Job[]): Promise<void> {
    const without = jobs.filter(({ keys }) => !keys);
    if (without.length > 0 && this.#pieces.has(pieceName('keys', layer)))
      giveKeys((await this.#run('keys', layer, without)).keys, without);
    const { x, rows, scores } = await this.#run('block', layer, jobs);
    const values = floats(x);
    const width = x.dims[1];
    const left = rows ? lowHalves(rows) : null;
    let before = 0; // first row of the job among those that entered
    let after = 0; // and among those left
    for (const job of jobs) {
      const entered = rowsOf(job);
      let count = entered;
      if (left) {
        count = 0;
        while (after + count < left.length && left[after + count] < before + entered) count++;
        const segments = new Uint8Array(count);
        for (let i = 0; i < count; i++) segments[i] = job.segments[left[after + i] - before];
        job.segments = segments;
        if (readsPlaces(this.#config)) {
          const places = new Uint32Array(count);
          for (let i = 0; i < count; i++) {
            const place = left[after + i] - before;
            places[i] = job.places ? job.places[place] : place;
          }
          job.places = places;
        }
      }
      if (job.tokenHistory) {
        const kept = left ? left.subarray(after, after + count).map((row) => row - before) : range(count);
        recordTokens(job, scores ? Array.from(floats(scores).subarray(before, before + entered)) : null, kept);
      }
      job.x = values.subarray(after * width, (after + count) * width);
      job.keys = null;
      job.tokens.push(count);
      before += entered;
      after += count;
    }
  }

  /** Notes how many tokens the last layer would leave. */
  async count(jobs: readonly Job[]): Promise<void> {
    const { layers } = this.#config;
    if (!this.#pieces.has(pieceName('count', layers))) {
      for (const job of jobs) {
        job.tokens.push(rowsOf(job));
        recordTokens(job, null, range(rowsOf(job)));
      }
      return;
    }
    const { rows, scores } = await this.#run('count', layers, jobs);
    const left = lowHalves(rows);
    let before = 0;
    let at = 0;
    for (const job of jobs) {
      const from = at;
      const first = before;
      before += rowsOf(job);
      while (at < left.length && left[at] < before) at++;
      job.tokens.push(at - from);
      recordTokens(
        job,
        Array.from(floats(scores).subarray(first, before)),
        left.subarray(from, at).map((row) => row - first),
      );
    }
  }

  async close(): Promise<void> {
    for (const { program } of this.#pieces.values()) await program.close();
  }

  async #run(kind: ProgramKind, layer: number, jobs: readonly Job[]): Promise<Record<string, Tensor>> {
    const piece = this.#pieces.get(pieceName(kind, layer));
    if (!piece) throw new Error(`internal: there is no ${kind} of layer ${layer}`);
    const layout = layoutTensors(jobs.map(rowsOf));
    const feeds: Record<string, Tensor> = {};
    for (const name of piece.inputs) feeds[name] = layout(name) ?? this.#input(name, jobs);
    return piece.program.run(feeds);
  }

  #input(name: string, jobs: readonly Job[]): Tensor {
    switch (name) {
      case 'words':
        return this.#wordsOf(jobs);
      case 'x':
        return this.#rows(jobs, 'x');
      case 'keys':
        return this.#rows(jobs, 'keys');
      case 'segments':
        return this.#segments(jobs);
      case 'original':
        return this.#originals(jobs);
      case 'place':
        return this.#places(jobs);
      default:
        throw new Error(`internal: nothing gives the input ${name}`);
    }
  }

  #wordsOf(jobs: readonly Job[]): Tensor {
    const width = this.#config.embeddingSize;
    const total = totalRows(jobs);
    const into = this.#memory(total * width, 'x');
    let at = 0;
    for (const { ids } of jobs) {
      for (let i = 0; i < ids.length; i++, at += width) into.set(this.#word(ids[i]), at);
    }
    return float32(into, total, width);
  }

  /** A row of the table; making its view each time would cost more than copying it. */
  #word(id: number): Float32Array {
    let row = this.#wordRows[id];
    if (!row) {
      const { data, shape } = this.#words;
      row = data.subarray(id * shape[1], (id + 1) * shape[1]);
      this.#wordRows[id] = row;
    }
    return row;
  }

  #segments(jobs: readonly Job[]): Tensor {
    return whole(totalRows(jobs), (write) => {
      let row = 0;
      for (const { segments } of jobs) for (let i = 0; i < segments.length; i++) write(row++, segments[i]);
    });
  }

  /** Places in the text as it came. */
  #originals(jobs: readonly Job[]): Tensor {
    return whole(totalRows(jobs), (write) => {
      let row = 0;
      for (const job of jobs) for (let i = 0; i < rowsOf(job); i++) write(row++, job.places ? job.places[i] : i);
    });
  }

  /** Rows of the embeddings' table of places. */
  #places(jobs: readonly Job[]): Tensor {
    const config = this.#config;
    return whole(totalRows(jobs), (write) => {
      let row = 0;
      for (const { types } of jobs) {
        for (let i = 0; i < types.length; i++) write(row++, placeOf(config, types[i], i));
      }
    });
  }

  /** The jobs' rows or their keys, [N, d]. */
  #rows(jobs: readonly Job[], what: 'x' | 'keys'): Tensor {
    const width = this.#config.hiddenSize;
    const total = totalRows(jobs);
    const each = jobs.map((job) => job[what]!);
    const together = sideBySide(each, total * width);
    if (together) return float32(together, total, width);
    const into = this.#memory(total * width, what);
    let at = 0;
    for (const rows of each) {
      into.set(rows, at);
      at += rows.length;
    }
    return float32(into, total, width);
  }

  #memory(length: number, what: 'x' | 'keys'): Float32Array {
    if (this.#gathered[what].length < length) this.#gathered[what] = new Float32Array(length);
    return this.#gathered[what].subarray(0, length);
  }
}

/** Notes each job's keys [n, d] among those of all [N, d]. */
function giveKeys(keys: Tensor, jobs: readonly Job[]): void {
  const values = floats(keys);
  const width = keys.dims[1];
  let at = 0;
  for (const job of jobs) {
    const length = rowsOf(job) * width;
    job.keys = values.subarray(at, at + length);
    at += length;
  }
}

/** The jobs' rows where they lie, if one batch left them side by side in this order. */
function sideBySide(each: readonly Float32Array[], length: number): Float32Array | null {
  const { buffer, byteOffset } = each[0];
  let end = byteOffset;
  for (const rows of each) {
    if (rows.buffer !== buffer || rows.byteOffset !== end) return null;
    end += rows.byteLength;
  }
  return new Float32Array(buffer, byteOffset, length);
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const totalRows = (jobs: readonly Job[]): number => jobs.reduce((sum, job) => sum + rowsOf(job), 0);

const pieceName = (kind: ProgramKind, layer: number): string => `${kind}-${layer}`;

/** What a model of this kind is made of, in the order in which a text passes it; nothing where there is no network. */
export function piecesOf(model: PyramidModel): { kind: PieceKind; layer: number }[] {
  const { layers } = model.config;
  if (!hasNetwork(model.config)) return [];
  const exit = exitOf(model.headSettings.kind);
  const pieces: { kind: PieceKind; layer: number }[] = [];
  for (let layer = 1; layer < layers; layer++) {
    const asked = isAsked(model, layer);
    if (asked && exit?.asked === 'before') pieces.push({ kind: 'peek', layer });
    pieces.push({ kind: 'block', layer });
    if (asked && exit?.asked === 'after') pieces.push({ kind: 'head', layer });
  }
  if (model.thresholds) pieces.push({ kind: 'count', layer: layers });
  pieces.push({ kind: 'peek', layer: layers });
  return pieces;
}

function graphOf(written: Written, kind: ProgramKind, layer: number): Graph {
  switch (kind) {
    case 'peek':
      return peekGraph(written, layer);
    case 'block':
      return blockGraph(written, layer);
    case 'keys':
      return keysGraph(written, layer);
    case 'head':
      return headGraph(written, layer);
    case 'count':
      return countGraph(written);
    default:
      return kind satisfies never;
  }
}
