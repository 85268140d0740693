/** What the commands of `jobs` have in common: the queue, and the folder of a run. */
import { PyramidError } from '../../errors.ts';
import { customOption, integerOption } from '../../option.ts';

const PROTOCOLS = ['redis:', 'rediss:', 'postgres:', 'postgresql:'];

export interface QueueOption {
  readonly queue: string;
}

export const queueOption = (group: string) =>
  customOption<string>({
    group,
    default: 'redis://127.0.0.1:6379',
    placeholder: 'URL',
    help: 'the queue: Redis or Valkey (redis://, rediss://), or PostgreSQL (postgres://)',
    expected: 'an address that begins with redis://, rediss:// or postgres://',
    read: (raw) =>
      typeof raw === 'string' && URL.canParse(raw) && PROTOCOLS.includes(new URL(raw).protocol) ? raw : undefined,
  });

/** Of a run that is trained. */
export const runAttempts = (group: string) =>
  integerOption({
    group,
    default: 3,
    min: 1,
    max: 100,
    help: 'times that a run is tried, with growing pauses between',
  });

/** A password stands better in a variable than in a command line. */
export const queueVariable = (key: string): readonly string[] => (key === 'queue' ? ['MAGIC_PYRAMID_QUEUE'] : []);

export const runOperand = { name: 'DIR', help: "the run's folder: what --out of jobs submit was" } as const;

/** The run's folder. Throws MP_USAGE unless exactly one is named. */
export function runFolder(operands: readonly string[]): string {
  if (operands.length === 1) return operands[0];
  throw new PyramidError('MP_USAGE', {
    what: operands.length === 0 ? "no run's folder was given" : `${operands.length} folders were given`,
    todo: 'give one: what --out of jobs submit was',
  });
}
