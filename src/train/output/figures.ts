/**
 * A run's figures in words, for the end of `train` and the model card: time on the clock first, then the accuracy that it
 * cost, then operations, which are not time. Knows nothing of how they were measured.
 */
import type { ClockFigures } from '../../evaluate/clock-figures.ts';
import { besideTheMean, errorInWords } from '../../evaluate/error-words.ts';
import { QUALITY_NAMES, type QualityName, qualityName } from '../../evaluate/quality.ts';
import type { TrainResult } from '../train.ts';
import { adviceSentences } from './advice.ts';
import { dialSentences } from './dial-words.ts';

type Figures = Pick<TrainResult, 'metrics' | 'tau' | 'dial' | 'judgedOn' | 'clock'>;
type AllFigures = Figures & Partial<Pick<TrainResult, 'reached'>>;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const ratio = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(1));
const ms = (value: number): string => `${value < 100 ? value.toPrecision(3) : value.toFixed(0)} ms`;
const aSecond = (msPerText: number): string => Math.round(1000 / msPerText).toLocaleString('en-US');

/** What leaving early costs of the figure that tau was chosen by, in points (hundredths); below 0 it gains. null: the model has no tau. */
const lost = ({ metrics }: Figures): number | null =>
  metrics[`${figureOf({ metrics })}AtTau`] === undefined
    ? null
    : 100 * (metrics[figureOf({ metrics })] - metrics[`${figureOf({ metrics })}AtTau`]);

/** The figure that tau was chosen by. */
const figureOf = ({ metrics: { microF1, r2 } }: Pick<Figures, 'metrics'>): QualityName => qualityName({ microF1, r2 });

const lostInWords = (points: number): string =>
  isNone(points) ? 'none' : points < 0 ? `none: ${(-points).toFixed(1)} points gained` : `${points.toFixed(1)} points`;

/** Rounds to nothing. */
const isNone = (points: number): boolean => Math.abs(points) < 0.05;

/** Plain sentences, in the order to be read. `dir`: the model folder. */
export function figureSentences(figures: AllFigures, dir: string): string[] {
  const { metrics, tau, dial, judgedOn, clock, reached } = figures;
  const points = lost(figures);
  const atTau = tau === null ? '' : ` at tau ${tau}`;
  const judged = judgedOn === 'validation' ? `the validation rows${chosenOn(figures)}` : 'the test rows';
  return [
    ...(clock === null ? [] : clockSentences(clock, atTau)),
    ...targetSentences(figures, judged, points),
    ...(figureOf(figures) !== 'accuracy'
      ? []
      : [
          points === null
            ? `It is right on ${percent(metrics.accuracy)} of the ${judgedOn} rows${f1(metrics)}.`
            : `At tau ${tau} it is right on ${percent(metrics.accuracyAtTau)} of ${judged}; run to the end, on ${percent(metrics.accuracy)}${f1(metrics)}. ${cost(points)}`,
        ]),
    ...(dial === null ? [] : dialSentences(dial, dir, figureOf(figures))),
    ...operationSentences(metrics, points !== null),
    ...(reached ? adviceSentences(reached, figures, dir) : []),
    `${clock === null ? 'Time on the clock was not measured. To measure it' : 'To compare the time with other programs'}: ${howToTime(dir)}`,
  ];
}

/** What flatters the figures of the validation rows, for behind their name; '' where nothing was chosen on them. */
function chosenOn({ tau, dial, ...figures }: Figures): string {
  const chosen = [
    ...(tau === null || dial?.certificate ? [] : ['tau']),
    ...(figureOf(figures) === 'microF1' ? ["the labels' thresholds"] : []),
  ];
  if (chosen.length === 0) return '';
  return `, on which ${chosen.join(' and ')} ${chosen.join() === 'tau' ? 'was' : 'were'} chosen`;
}

/** Of a model that answers with any number of labels, or a number. */
function targetSentences({ metrics, tau }: Figures, judged: string, points: number | null): string[] {
  const name = figureOf({ metrics });
  if (name === 'accuracy') return [];
  const { macroF1, accuracy, r2, pearson } = metrics;
  const beside =
    name === 'microF1'
      ? `macro F1 ${macroF1.toFixed(3)}, exactly the right labels for ${percent(accuracy)} of the texts`
      : `a root mean squared error of ${errorInWords(metrics)}; Pearson correlation ${pearson.toFixed(3)}`;
  const end = `${QUALITY_NAMES[name]} of ${metrics[name].toFixed(3)} (${beside})`;
  const little = name === 'r2' ? besideTheMean(r2) : null;
  const useless = little === null ? '' : ` That is ${little}.`;
  if (points === null) return [`On ${judged}${judged.includes(',') ? ',' : ''} it has a ${end}.${useless}`];
  const lost = isNone(points) ? 'nothing' : points < 0 ? 'less than nothing' : `${points.toFixed(1)} hundredths of it`;
  return [
    `At tau ${tau} it has a ${QUALITY_NAMES[name]} of ${metrics[`${name}AtTau`].toFixed(3)} on ${judged}; run to the end, a ${end}.${useless} Leaving early costs ${lost}.`,
  ];
}

/** None of a model without a network; as the paper counts, none where no layer of it ran. */
function operationSentences({ speedupActual, speedupPaper, meanExit }: Figures['metrics'], leaves: boolean): string[] {
  if (speedupActual === undefined) return [];
  const paper = speedupPaper === undefined ? 'no layer runs' : `${ratio(speedupPaper)} as the paper counts`;
  return [
    `It computes ${ratio(speedupActual)} times fewer operations than the dense network (${paper}).${
      leaves ? ` The mean text leaves at layer ${meanExit.toFixed(2)}.` : ''
    }`,
  ];
}

const f1 = (metrics: Figures['metrics']): string =>
  metrics.f1 === undefined ? '' : `, with an F1 of ${metrics.f1.toFixed(3)}`;

const cost = (points: number): string =>
  isNone(points)
    ? 'Leaving early costs no accuracy here.'
    : points < 0
      ? `Leaving early gains ${(-points).toFixed(1)} points here.`
      : `Leaving early costs ${points.toFixed(1)} points.`;

function clockSentences(clock: ClockFigures, atTau: string): string[] {
  const { msPerText, msPerTextToTheEnd: toTheEnd, msPerTextBert: bert, texts, rows } = clock;
  const end =
    toTheEnd === null
      ? ''
      : `: ${ratio(toTheEnd / msPerText)} times as fast as the same model run to the end, which takes ${ms(toTheEnd)}`;
  return [
    `A text takes ${ms(msPerText)}${atTau} (${aSecond(msPerText)} texts a second)${end}.`,
    ...(bert === null ? [] : [`Plain BERT takes ${ms(bert)} a text: ${ratio(bert / msPerText)} times as long.`]),
    `That was measured on ${texts.toLocaleString('en-US')} ${rows} texts, tokenising included, on ${machineInWords(clock)}.`,
  ];
}

const machineInWords = ({ machine: { cpu, threads } }: ClockFigures): string =>
  `${cpu} with ${threads} ${threads === 1 ? 'thread' : 'threads'}`;

/**
 * [what, value] for a table, in the order to be read; of those figures that there are. How tau came about is not among them: that
 * changes later, and the card's section on the dial with it.
 */
export function figureRows(figures: Figures): [what: string, value: string][] {
  const { metrics, tau, clock } = figures;
  const points = lost(figures);
  const timed = (what: string, value: number | null): [string, string][] =>
    clock === null || value === null
      ? []
      : [[what, `${ms(value)} a text, ${ratio(value / clock.msPerText)} times as long`]];
  const row = (what: string, name: string, text: (value: number) => string): [string, string][] =>
    metrics[name] === undefined ? [] : [[what, text(metrics[name])]];
  return [
    ...(clock === null
      ? []
      : [
          [
            `time${tau === null ? '' : ` at tau ${tau}`}`,
            `${ms(clock.msPerText)} a text, ${aSecond(clock.msPerText)} texts a second`,
          ] as [string, string],
        ]),
    ...timed('time of the same model run to the end', clock?.msPerTextToTheEnd ?? null),
    ...timed('time of plain BERT', clock?.msPerTextBert ?? null),
    ...row(
      figureOf(figures) === 'microF1' ? `exactly the right labels, at tau ${tau}` : `accuracy at tau ${tau}`,
      'accuracyAtTau',
      percent,
    ),
    ...(figureOf(figures) === 'accuracy' ? [] : targetRows(figures, row)),
    ...row(
      figureOf(figures) === 'microF1' ? 'exactly the right labels, run to the end' : 'accuracy run to the end',
      'accuracy',
      percent,
    ),
    ...(points === null || figureOf(figures) !== 'accuracy'
      ? []
      : [['accuracy that leaving early costs', lostInWords(points)] as [string, string]]),
    ...row('F1 run to the end', 'f1', (value) => value.toFixed(3)),
    ...row('operations as computed', 'speedupActual', (value) => `${ratio(value)} times fewer`),
    ...row('operations as the paper counts', 'speedupPaper', (value) => `${ratio(value)} times fewer`),
    ...(tau === null ? [] : row('mean layer of the answer', 'meanExit', (value) => value.toFixed(2))),
  ];
}

type Row = (what: string, name: string, text: (value: number) => string) => [string, string][];

function targetRows({ tau, metrics }: Figures, row: Row): [string, string][] {
  const name = figureOf({ metrics });
  const short = (value: number) => value.toFixed(3);
  const judged = (value: number) => [short(value), (name === 'r2' && besideTheMean(value)) || []].flat().join(', ');
  return [
    ...row(`${QUALITY_NAMES[name]} at tau ${tau}`, `${name}AtTau`, judged),
    ...row(`${QUALITY_NAMES[name]} run to the end`, name, judged),
    ...row('macro F1 run to the end', 'macroF1', short),
    ...row('Hamming loss run to the end', 'hammingLoss', short),
    ...row('Pearson correlation run to the end', 'pearson', short),
    ...row('Spearman correlation run to the end', 'spearman', short),
    ...row('root mean squared error run to the end', 'meanSquaredError', () => errorInWords(metrics)),
  ];
}

/** What the times of `figureRows` are of. */
export const timeNote = (clock: ClockFigures | null): string =>
  clock === null
    ? `Operations are not time: \`${howToTime('DIR')}\` measures that on your machine.`
    : `Times are of ${clock.texts} ${clock.rows} texts, tokenising included, on ${machineInWords(clock)}; \`${howToTime('DIR')}\` measures them on your machine. Operations are not time.`;

const howToTime = (dir: string): string => `magic-pyramid bench --model ${dir} --test FILE`;
