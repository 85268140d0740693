// Streams that remember, and services that only say how they were called: the commands' own work is what is tested.
import { PassThrough, Readable, Writable } from 'node:stream';
import { run } from '../../src/cli/program.ts';
import type { Services } from '../../src/cli/services.ts';
import type { Answer } from '../../src/engine/index.ts';
import type { TrainOptions } from '../../src/train/options/defaults.ts';

export class Memory extends Writable {
  text = '';
  readonly isTTY: boolean = false;
  override _write(chunk: Buffer, _: string, done: (error?: Error | null) => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A terminal of 100 columns, as far as cli-progress looks. */
export class Terminal extends Memory {
  override readonly isTTY = true;
  readonly columns = 100;
}

const unused = (name: string) => (): never => {
  throw new Error(`${name} was not expected to be called`);
};

export const unusedServices: Services = {
  train: unused('train'),
  demo: unused('demo'),
  reproduce: unused('reproduce'),
  sweep: unused('sweep'),
  validationRows: unused('validationRows'),
  freshRows: unused('freshRows'),
  answers: unused('answers'),
  labelColumn: unused('labelColumn'),
  unlabelledTexts: unused('unlabelledTexts'),
  settings: unused('settings'),
  writeTau: unused('writeTau'),
  writeAbstention: unused('writeAbstention'),
  measurePeeks: unused('measurePeeks'),
  bench: unused('bench'),
  httpLoad: unused('httpLoad'),
  serve: unused('serve'),
  jobs: unused('jobs'),
  refit: unused('refit'),
  quantize: unused('quantize'),
  exportOnnx: unused('exportOnnx'),
  exportTransformersJs: unused('exportTransformersJs'),
  pushModel: unused('pushModel'),
  model: async (dir) => dir, // what is named is a folder
  load: unused('load'),
  labels: unused('labels'),
  outline: unused('outline'),
  labelledRows: unused('labelledRows'),
  texts: unused('texts'),
  textRows: unused('textRows'),
  trace: unused('trace'),
  windowTrace: unused('windowTrace'),
};

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function cli(
  args: readonly string[],
  services: Partial<Services> = {},
  {
    stdin = '',
    terminal = false,
    stdout = new Memory() as Writable,
  }: { stdin?: string | Buffer | readonly Buffer[]; terminal?: boolean; stdout?: Writable } = {},
): Promise<Outcome> {
  const stderr = new Memory();
  const input = Object.assign(terminal ? new PassThrough() : Readable.from(Array.isArray(stdin) ? stdin : [stdin]), {
    isTTY: terminal,
  });
  const code = await run(args, { stdin: input, stdout, stderr }, { ...unusedServices, ...services });
  return { code, stdout: stdout instanceof Memory ? stdout.text : '', stderr: stderr.text };
}

/** The options that `train` was called with. */
export async function trainOptions(...args: string[]): Promise<{ options: TrainOptions | null } & Outcome> {
  let options: TrainOptions | null = null;
  const outcome = await cli(['train', ...args], {
    async train(given) {
      options = given;
      return {
        out: given.out,
        method: given.method,
        tau: 0.2,
        dial: { tau: 0.2, from: 'chosen', certificate: null, short: null },
        metrics: { accuracy: 0.985, accuracyAtTau: 0.98, speedupPaper: 3.456, speedupActual: 12.34, meanExit: 1.5 },
        byLabel: null,
        judgedOn: 'test',
        reached: null,
        clock: {
          machine: { cpu: 'A Processor', threads: 2 },
          rows: 'validation',
          texts: 1000,
          msPerText: 0.36,
          msPerTextToTheEnd: 1.95,
          msPerTextBert: null,
        },
        seconds: 61,
        warnings: ['No validation row was answered with spam.'],
      };
    },
  });
  return { options, ...outcome };
}

export const answer = (text: string): Answer => ({
  label: text,
  score: 0.9,
  exit: 1,
  tokens: [3],
  truncated: false,
  flops: 1,
});
