/**
 * The text that Prometheus reads, as numbers: one sample a line, `name{label="value"} 1.5`; comments are skipped.
 * Source: the Prometheus text exposition format, version 0.0.4.
 */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export function parsePrometheus(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = line.startsWith('#') ? null : LINE.exec(line);
    if (!match) return [];
    const [, name, labels = '', value] = match;
    const pairs = [...labels.matchAll(LABEL)].map(([, key, quoted]) => [key, unescaped(quoted)]);
    return [{ name, labels: Object.fromEntries(pairs), value: numberOf(value) }];
  });
}

const unescaped = (text: string) => text.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character));

const numberOf = (text: string) =>
  /^[+]?Inf$/i.test(text) ? Number.POSITIVE_INFINITY : /^-Inf$/i.test(text) ? Number.NEGATIVE_INFINITY : Number(text);
