/**
 * What this machine's products reach, measured as everything else is, in turns: one product that is large enough to
 * be bound by arithmetic alone, through the runtime that the engine uses.
 */
import { Graph } from '../graph/index.ts';
import type { Dtype } from '../pyramid/folder/model-folder.ts';
import { nodeDevice } from '../runtime/node.ts';
import { float32, type Tensor, uint8 } from '../runtime/runtime.ts';

const [ROWS, INPUTS, OUTPUTS] = [768, 1024, 1024];

export interface Peak {
  readonly dtype: Dtype;
  /** 10⁹ operations a second, a multiplication and an addition being two. */
  measure(): Promise<number>;
  close(): Promise<void>;
}

/** `threads` compute one product together. */
export async function gemmPeak(dtype: Dtype, threads: number): Promise<Peak> {
  const g = new Graph();
  const shape = [INPUTS, OUTPUTS];
  const input: Tensor =
    dtype === 'fp32'
      ? float32(new Float32Array(ROWS * INPUTS).fill(0.5), ROWS, INPUTS)
      : uint8(new Uint8Array(ROWS * INPUTS).fill(100), ROWS, INPUTS);
  const x = g.input('x', input.dtype, ['N', INPUTS]);
  const y =
    dtype === 'fp32'
      ? g.matmul(x, g.constant('weight', new Float32Array(INPUTS * OUTPUTS).fill(0.5), shape))
      : g.op(
          'MatMulInteger',
          [
            x,
            g.constant('weight', new Int8Array(INPUTS * OUTPUTS).fill(3), shape),
            g.constant('zero', Uint8Array.of(128), []),
          ],
          {},
        );
  g.output('y', y);
  const program = await nodeDevice().compile(g, 'gemm-peak', { threads });
  return {
    dtype,
    async measure() {
      let least = Number.POSITIVE_INFINITY;
      const end = performance.now() + 200;
      // the best of many: a pause that the system makes is not the machine's peak
      do {
        const begin = performance.now();
        await program.run({ x: input });
        least = Math.min(least, performance.now() - begin);
      } while (performance.now() < end);
      return (2 * ROWS * INPUTS * OUTPUTS) / 1e6 / least;
    },
    close: () => program.close(),
  };
}
