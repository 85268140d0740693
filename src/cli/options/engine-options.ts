/** How a command runs a model: what it is computed in, and on how many threads. */
import type { LoadOptions } from '../../engine/index.ts';
import { choiceOption, integerOption, type OptionTable } from '../../option.ts';
import { DTYPES, type Dtype } from '../../pyramid/folder/model-folder.ts';

export interface EngineOptions {
  /** Null: what the model folder says. */
  readonly dtype: Dtype | null;
  readonly workers: number | null;
  readonly threads: number | null;
}

export const dtypeOption = (group: string) => {
  const spec = choiceOption<Dtype>({
    group,
    default: 'fp32',
    choices: DTYPES,
    help: 'precision of matrix products, fp32 or int8 (default: what the model folder says, else fp32)',
  });
  return { ...spec, default: null, read: (raw: unknown) => (raw === null ? null : spec.read(raw)) };
};

const count = (group: string, help: string) =>
  integerOption<number | null>({ group, default: null, min: 1, max: 1024, help });

export const workersOption = (group: string) => count(group, 'worker threads (default: one per core)');
export const threadsOption = (group: string) => count(group, 'threads per worker (default: 1)');

export const engineTable = (group: string): OptionTable<EngineOptions> => ({
  dtype: dtypeOption(group),
  workers: workersOption(group),
  threads: threadsOption(group),
});

/** As the engine takes them. */
export const loadOptions = ({ dtype, workers, threads }: EngineOptions): LoadOptions => ({
  dtype: dtype ?? undefined,
  workers: workers ?? undefined,
  threads: threads ?? undefined,
});
