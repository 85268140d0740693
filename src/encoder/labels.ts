/**
 * The names of a classifier's labels, as transformers reads them from config.json: those of id2label, whose keys are
 * numbers in any order. Without id2label they are LABEL_0, LABEL_1, …: as many as num_labels says, else two.
 */
import { quoted } from '../errors/kind.ts';

type Raw = Readonly<Record<string, unknown>>;
type Fault = (problem: string, todo?: string) => Error;

/** More would take longer to name than to compute. */
export const MOST_LABELS = 2 ** 17;
/** What transformers takes where config.json says nothing: it leaves out what is the default. */
const DEFAULT_LABELS = 2;

/** `fault` makes the error from the sentence's middle. [] where config.json does not say that there is a classifier. */
export function labelNames(raw: Raw, fault: Fault): readonly string[] {
  const { id2label } = raw;
  if (id2label !== undefined && id2label !== null) return namedLabels(id2label, fault);
  const count = raw.num_labels ?? null;
  if (count !== null && !(Number.isSafeInteger(count) && Number(count) >= 1))
    throw fault(`num_labels is ${quoted(count)}, not a positive whole number`);
  if (Number(count) > MOST_LABELS) throw fault(`num_labels is ${count}, more than the maximum of ${MOST_LABELS}`);
  if (isClassifier(raw)) return numberedLabels(Number(count ?? DEFAULT_LABELS));
  return [];
}

/** Whether config.json leaves open if there is a classifier. */
export const namesNothing = ({ id2label = null, architectures = null }: Raw): boolean =>
  id2label === null && architectures === null;

/** transformers' own names for labels that have none. */
export const numberedLabels = (count: number): string[] => Array.from({ length: count }, (_, i) => `LABEL_${i}`);

const isClassifier = ({ architectures }: Raw): boolean =>
  Array.isArray(architectures) &&
  architectures.some((name) => typeof name === 'string' && name.endsWith('ForSequenceClassification'));

function namedLabels(id2label: unknown, fault: Fault): string[] {
  if (typeof id2label !== 'object' || Array.isArray(id2label))
    throw fault(
      `id2label is ${quoted(id2label)}, not an object from numbers to names`,
      'write {"0": "a name", "1": "another"}',
    );
  const entries = Object.entries(id2label as Record<string, unknown>);
  if (entries.length > MOST_LABELS)
    throw fault(`id2label names ${entries.length} labels, more than the maximum of ${MOST_LABELS}`);
  const names = new Map<number, string>();
  for (const [key, name] of entries) {
    const number = /^\s*\+?\d+\s*$/.test(key) ? Number(key) : Number.NaN;
    if (!(number < entries.length)) continue; // then one of those below it has no name
    if (names.has(number)) throw fault(`id2label names label ${number} twice`);
    if (!['string', 'number', 'boolean'].includes(typeof name))
      throw fault(`id2label's label ${number} is ${quoted(name)}, not a name`);
    names.set(number, String(name));
  }
  const list = entries.map((_, i) => {
    const name = names.get(i);
    if (name === undefined) throw fault(`id2label does not name label ${i}`);
    return name;
  });
  const first = new Map<string, number>();
  list.forEach((name, i) => {
    const other = first.get(name);
    if (other !== undefined)
      throw fault(
        `id2label gives the name ${quoted(name)} to both label ${other} and label ${i}`,
        'give each label its own name',
      );
    first.set(name, i);
  });
  return list;
}
