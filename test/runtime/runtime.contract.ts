/** What every runtime must do. A runtime's test file calls this with its `compile`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/index.ts';
import { randomStream } from '../../src/random.ts';
import {
  bigints,
  float32,
  floats,
  integers,
  type Program,
  type RuntimeOptions,
  type Tensor,
  uint8,
} from '../../src/runtime/runtime.ts';

const SEED = 11;

export function runtimeContract(
  runtime: string,
  compile: (graph: Graph, name: string, options: RuntimeOptions) => Promise<Program>,
): void {
  /** y = x W, and the number of its rows. */
  const products = () => {
    const g = new Graph();
    const x = g.input('x', 'float32', ['N', 3]);
    const weight = g.constant('weight', Float32Array.of(1, 0, 0, 1, 1, 1), [3, 2]);
    g.output('y', g.matmul(x, weight));
    g.output('rows', g.extent('N'));
    return g;
  };
  const matrix = (rows: number) =>
    float32(
      Float32Array.from({ length: rows * 3 }, (_, i) => i),
      rows,
      3,
    );
  const expected = (rows: number) => {
    const y = new Float32Array(rows * 2);
    for (let row = 0; row < rows; row++) y.set([6 * row + 2, 6 * row + 3], 2 * row);
    return y;
  };

  describe(`a program on ${runtime}`, () => {
    let program: Program;
    beforeAll(async () => {
      program = await compile(products(), 'products', { threads: 1 });
    });
    afterAll(() => program.close());

    it('takes shapes that vary from run to run, no rows included', async () => {
      for (const rows of [2, 500, 1, 0, 37]) {
        const results = await program.run({ x: matrix(rows) });
        expect(results.y.dims).toEqual([rows, 2]);
        expect(results.y.dtype).toBe('float32');
        expect(floats(results.y)).toEqual(expected(rows));
        expect(Array.from(bigints(results.rows))).toEqual([BigInt(rows)]);
        expect(results.rows.dims).toEqual([]);
      }
    });

    it('says which input is missing', async () => {
      await expect(program.run({})).rejects.toThrow('internal: graph products was run without its input x');
    });

    it('refuses an input of another dtype or shape', async () => {
      await expect(program.run({ x: integers([1, 2, 3], 1, 3) })).rejects.toThrow(/x/);
      await expect(program.run({ x: float32(new Float32Array(4), 1, 4) })).rejects.toThrow(/x/);
      await expect(program.run({ x: float32(new Float32Array(4), 2, 3) })).rejects.toThrow();
      // and works on
      expect(floats((await program.run({ x: matrix(2) })).y)).toEqual(expected(2));
    });

    it('writes an output into memory that it is given, and the others elsewhere', async () => {
      const memory = new Float32Array(2 + 8).fill(-1);
      const into = float32(memory.subarray(1, 9), 4, 2);
      const results = await program.run({ x: matrix(4) }, { y: into });
      expect(results.y).toBe(into);
      expect(Array.from(memory)).toEqual([-1, ...expected(4), -1]);
      expect(Array.from(bigints(results.rows))).toEqual([4n]);
    });

    it('refuses memory of another shape, and does not write past it', async () => {
      const memory = new Float32Array(8).fill(-1);
      const small = float32(memory.subarray(0, 4), 2, 2);
      await expect(program.run({ x: matrix(3) }, { y: small })).rejects.toThrow();
      expect(Array.from(memory.subarray(4))).toEqual([-1, -1, -1, -1]);
    });

    it('gives results that later runs leave alone', async () => {
      const first = await program.run({ x: matrix(5) });
      await program.run({ x: float32(new Float32Array(15).fill(9), 5, 3) });
      expect(floats(first.y)).toEqual(expected(5));
    });
  });

  describe(`dtypes on ${runtime}`, () => {
    it('pass in and out unchanged', async () => {
      const g = new Graph();
      const given: Record<string, Tensor> = {
        float: float32(Float32Array.of(1.5, Number.POSITIVE_INFINITY, -0), 3),
        long: integers([2 ** 53 - 1, -1, 0]),
        int: { dtype: 'int32', dims: [3], data: Int32Array.of(2 ** 31 - 1, -(2 ** 31), 0) },
        byte: uint8(Uint8Array.of(0, 128, 255), 3),
        signed: { dtype: 'int8', dims: [3], data: Int8Array.of(-128, 0, 127) },
        bool: { dtype: 'bool', dims: [3], data: Uint8Array.of(0, 1, 1) },
      };
      for (const [name, { dtype }] of Object.entries(given)) g.output(`${name}.out`, g.input(name, dtype, [3]));
      const program = await compile(g, 'dtypes', { threads: 1 });
      try {
        const results = await program.run(given);
        for (const [name, tensor] of Object.entries(given)) expect(results[`${name}.out`], name).toEqual(tensor);
      } finally {
        await program.close();
      }
    });

    it('compute: bytes as dropout mask, truth values as condition, int64 as indices', async () => {
      const g = new Graph();
      const x = g.input('x', 'float32', ['N', 2]);
      const mask = g.input('mask', 'uint8', ['N', 2]);
      const keep = g.input('keep', 'bool', ['N', 1]);
      const rows = g.input('rows', 'int64', ['M']);
      const dropped = g.mul(x, g.op('Scale8', [mask, g.scalar(2)], {}));
      g.output('y', g.gather(g.where(keep, dropped, -1), rows));
      g.output('flipped', g.op('Not', [keep], {}));
      const program = await compile(g, 'mixed', { threads: 1 });
      try {
        const results = await program.run({
          x: float32(Float32Array.of(1, 2, 3, 4, 5, 6), 3, 2),
          mask: uint8(Uint8Array.of(1, 0, 1, 1, 0, 1), 3, 2),
          keep: { dtype: 'bool', dims: [3, 1], data: Uint8Array.of(1, 0, 1) },
          rows: integers([2, 0, 1, 2]),
        });
        expect(Array.from(floats(results.y))).toEqual([0, 12, 2, 0, -1, -1, 0, 12]);
        expect(results.flipped).toEqual({ dtype: 'bool', dims: [3, 1], data: Uint8Array.of(0, 1, 0) });
      } finally {
        await program.close();
      }
    });
  });

  describe(`repeated runs on ${runtime} (seed ${SEED})`, () => {
    const RUNS = 8;
    const random = (label: string, count: number) => {
      const stream = randomStream(SEED, label);
      return Float32Array.from({ length: count }, () => stream.normal());
    };
    /** The outputs of every run must have the bits of the first; gives the first. */
    async function sameEachTime(g: Graph, given: Record<string, Tensor>, threads: number) {
      const program = await compile(g, 'repeated', { threads });
      try {
        const first = await program.run(given);
        for (let run = 1; run < RUNS; run++) {
          const next = await program.run(given);
          for (const name of Object.keys(first))
            expect(Buffer.compare(bytesOf(next[name]), bytesOf(first[name])), `${name}, run ${run}`).toBe(0);
        }
        return first;
      } finally {
        await program.close();
      }
    }

    it.each([1, 2])('give the same bits with %i threads: a feed-forward layer with LayerNorm', async (threads) => {
      const g = new Graph();
      const x = g.input('x', 'float32', ['N', 256]);
      const wide = g.gelu(g.linear(x, g.input('up', 'float32', [1024, 256])));
      const narrow = g.linear(wide, g.input('down', 'float32', [256, 1024]));
      const scale = g.input('scale', 'float32', [256]);
      const y = g.op('LayerNormalization', [g.add(narrow, x), scale, scale], { epsilon: 1e-12 });
      g.output('y', y);
      g.output('sum', g.sum(g.mul(y, y), [0, 1]));
      const given = {
        x: float32(random('x', 500 * 256), 500, 256),
        up: float32(random('up', 1024 * 256), 1024, 256),
        down: float32(random('down', 1024 * 256), 256, 1024),
        scale: float32(random('scale', 256), 256),
      };
      await sameEachTime(g, given, threads);
    });

    it.each([1, 2])(
      'give the same bits, and lose nothing, with %i threads: 5,000 rows of 256 added to 37',
      async (threads) => {
        const g = new Graph();
        const rows = g.input('rows', 'int64', ['N']);
        const updates = g.input('updates', 'float32', ['N', 256]);
        g.output('sums', g.scatterAdd(g.zeros([300, 256]), rows, updates));
        const places = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 37);
        const values = random('updates', 5000 * 256);
        const { sums } = await sameEachTime(
          g,
          { rows: integers(places), updates: float32(values, 5000, 256) },
          threads,
        );
        const inOrder = new Float32Array(300 * 256);
        places.forEach((place, row) => {
          for (let column = 0; column < 256; column++) inOrder[place * 256 + column] += values[row * 256 + column];
        });
        expect(Buffer.compare(bytesOf(sums), bytesOf(float32(inOrder)))).toBe(0);
      },
    );
  });

  describe(`closing a program of ${runtime}`, () => {
    it('leaves results and other programs alone', async () => {
      const [one, other] = await Promise.all([
        compile(products(), 'one', { threads: 1 }),
        compile(products(), 'other', { threads: 1 }),
      ]);
      const { y } = await one.run({ x: matrix(3) });
      await one.close();
      expect(floats(y)).toEqual(expected(3));
      expect(floats((await other.run({ x: matrix(2) })).y)).toEqual(expected(2));
      await other.close();
    });

    it('ends it: a run afterwards is an error', async () => {
      const program = await compile(products(), 'closed', { threads: 1 });
      await program.close();
      await expect(program.run({ x: matrix(1) })).rejects.toThrow();
    });
  });

  it(`${runtime} refuses a graph with a fault, naming the graph and the fault`, async () => {
    const g = products();
    g.output('z', g.add(new Graph().input('foreign', 'float32', [3]), 1));
    await expect(compile(g, 'broken', { threads: 1 })).rejects.toThrow(
      'internal: graph broken: Add (Add) uses foreign before it is defined',
    );
  });
}

const bytesOf = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
