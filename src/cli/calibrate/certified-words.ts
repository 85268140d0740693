/** What `calibrate` and `evaluate` say of a certificate, and of the drop in groups of texts. */
import type { CertificateFacts, GroupDrop } from '../../certify/index.ts';
import { QUALITY_NAMES } from '../../evaluate/quality.ts';
import type { Calibration } from '../../pyramid/folder/dial.ts';
import { amountOf, promise } from '../../pyramid/folder/tau-words.ts';
import { operations } from '../../report/format.ts';
import { percent, thousands } from '../output/format.ts';

export function certifiedSentence(
  model: string,
  certificate: CertificateFacts,
  rowsNeeded: number | null,
  calibration: Calibration | null,
): string {
  const { tau } = certificate;
  if (tau === null) return `${model}: ${nothingCertified(certificate, rowsNeeded)}\n`;
  const figures = calibration === null ? '' : ` ${figuresOf(calibration)}`;
  return `${model}: tau ${tau}, certified: ${promise(certificate)}.${figures}\n`;
}

const figuresOf = (calibration: Calibration): string => {
  const { dtype, figure, speedupPaper, speedupActual } = calibration;
  const sets = figure === 'microF1' ? ' A right answer is exactly the labels that a text has.' : '';
  return `On these rows, in ${dtype}, ${qualityInWords(calibration)}, ${operations({ paper: speedupPaper, actual: speedupActual })}.${sets}`;
};

/** The figure that a tau was judged by, at it and without exits. */
export const qualityInWords = ({
  figure,
  accuracy,
  baseline,
}: Pick<Calibration, 'figure' | 'accuracy' | 'baseline'>): string =>
  figure === undefined
    ? `${percent(accuracy)} accuracy (${percent(baseline)} without exits)`
    : `a ${QUALITY_NAMES[figure]} of ${accuracy.toFixed(3)} (${baseline.toFixed(3)} without exits)`;

function nothingCertified({ risk, rows, maxRisk, confidence }: CertificateFacts, rowsNeeded: number | null): string {
  const more =
    rowsNeeded === null
      ? 'More rows like these would not help, or it would take more than a million: even the slowest early exit loses too much on them'
      : `It needs about ${thousands(rowsNeeded)} rows`;
  return `nothing could be certified at ${amountOf(risk)(maxRisk)} and ${percent(confidence)} confidence with ${thousands(rows)} rows, so every text goes to the end (tau off). ${more}.`;
}

/** Groups of a kind that are shown: those that may lose most. */
const MOST_SHOWN = 12;
const KINDS = ['label', 'exit', 'length'] as const;

/**
 * Drops in points with their intervals, by label, exit and length; groups without rows are left out. Not `labelled`: the drops are
 * shares of texts that are answered otherwise.
 */
export function groupTable(groups: readonly GroupDrop[], labelled = true): string {
  const lines = KINDS.flatMap((kind) => {
    const all = groups.filter(({ by, n }) => by === kind && n > 0);
    const shown = all.length <= MOST_SHOWN ? all : all.toSorted((a, b) => b.upper - a.upper).slice(0, MOST_SHOWN);
    const left = all.length - shown.length;
    return [
      ...shown.map(({ group, n, drop, lower, upper }) => [
        nameOf(kind, group),
        thousands(n),
        inPoints(drop!),
        `${inPoints(lower)} to ${inPoints(upper)}`,
      ]),
      ...(left > 0 ? [[`${thousands(left)} more ${kind}s, in --json`, '', '', '']] : []),
    ];
  });
  const [title, drop] = labelled ? ['drop in points', 'drop'] : ['answered otherwise, in %', 'share'];
  const table = [[title, 'rows', drop, 'interval'], ...lines];
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  return table
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

const nameOf = (kind: GroupDrop['by'], group: string): string =>
  kind === 'length' ? `${group} tokens` : kind === 'exit' && group === '0' ? 'floor 0' : `${kind} ${group}`;

const inPoints = (share: number): string => (100 * share).toFixed(1).replace(/^-0\.0$/, '0.0');
