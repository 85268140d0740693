import { describe, expect, test } from 'vitest';
import type { ClockFigures } from '../../../src/evaluate/clock-figures.ts';
import { figureRows, figureSentences, timeNote } from '../../../src/train/output/figures.ts';
import type { DialChoice } from '../../../src/train/trace/set-dial.ts';
import { certificateOf } from '../../support/certificate.ts';

const clock: ClockFigures = {
  machine: { cpu: 'A Processor', threads: 1 },
  rows: 'test',
  texts: 408,
  msPerText: 2,
  msPerTextToTheEnd: 12.3,
  msPerTextBert: 20,
};
const metrics = { accuracy: 0.8, f1: 0.75, accuracyAtTau: 0.81, speedupPaper: 3, speedupActual: 93.01, meanExit: 1.2 };
const chosen = { tau: 0.5, from: 'chosen', certificate: null, short: null } as const;
const certified = {
  ...chosen,
  from: 'certified',
  certificate: { ...certificateOf(6, 0.5), rows: 1000, labelled: 1000 },
} as const;
const figures = { metrics, tau: 0.5, dial: chosen, judgedOn: 'validation', clock } as const;

describe('the sentences at the end of a run', () => {
  test('have the time first, then what it cost, then operations, which are called that', () => {
    expect(figureSentences(figures, 'runs/a')).toEqual([
      'A text takes 2.00 ms at tau 0.5 (500 texts a second): 6.15 times as fast as the same model run to the end, which takes 12.3 ms.',
      'Plain BERT takes 20.0 ms a text: 10.0 times as long.',
      'That was measured on 408 test texts, tokenising included, on A Processor with 1 thread.',
      'At tau 0.5 it is right on 81.0 % of the validation rows, on which tau was chosen; run to the end, on 80.0 %, with an F1 of 0.750. Leaving early gains 1.0 points here.',
      'Tau 0.5 is chosen, not certified; `magic-pyramid calibrate --model runs/a --calibration FILE` certifies it, with about 1,000 labelled rows that the model was not made with.',
      'It computes 93.0 times fewer operations than the dense network (3.00 as the paper counts). The mean text leaves at layer 1.20.',
      'To compare the time with other programs: magic-pyramid bench --model runs/a --test FILE',
    ]);
  });

  test('say of a model without exits what there is, and compare it with nothing', () => {
    const { accuracyAtTau: _, f1: _f, ...own } = metrics;
    const alone = { ...clock, msPerTextToTheEnd: null, msPerTextBert: null };
    const [time, place, accuracy, operations] = figureSentences(
      { metrics: own, tau: null, dial: null, judgedOn: 'test', clock: alone },
      'a',
    );
    expect(time).toBe('A text takes 2.00 ms (500 texts a second).');
    expect(place).toMatch(/^That was measured on 408 test texts/);
    expect(accuracy).toBe('It is right on 80.0 % of the test rows.');
    expect(operations).toMatch(/^It computes/);
  });

  test('name no speed-up where the time was not measured, and say how to measure it', () => {
    const sentences = figureSentences({ ...figures, clock: null }, 'a');
    expect(sentences.join(' ')).not.toMatch(/as fast|texts a second/);
    expect(sentences.at(-1)).toBe(
      'Time on the clock was not measured. To measure it: magic-pyramid bench --model a --test FILE',
    );
  });

  test('say what a certified tau promises, and what rows that certify nothing are short of', () => {
    const sentences = (dial: DialChoice) => figureSentences({ ...figures, tau: dial.tau, dial }, 'a').join('\n');
    expect(sentences(certified)).toContain(
      'Tau 0.5 is certified: it loses at most 1 point of accuracy against the model run to the end, at 95 % confidence (1,000 rows: 0.2 points, upper bound 0.9 points).',
    );
    expect(sentences(certified)).not.toMatch(/is chosen|calibrate/);
    expect(sentences({ ...chosen, short: { rows: 250, needed: 1400 } })).toContain(
      'The 250 calibration rows certify no tau; it takes about 1,400.\nTau 0.5 is chosen, not certified; `magic-pyramid calibrate --model a --calibration FILE` certifies it, with about 1,400 labelled rows',
    );
    expect(sentences({ ...chosen, short: { rows: 250, needed: null } })).toContain(
      'certify no tau.\nTau 0.5 is chosen',
    );
    expect(sentences({ ...chosen, tau: null })).toContain(
      'No tau is safe enough on the validation rows, so every text goes to the end; `magic-pyramid calibrate --model a --calibration FILE` certifies one',
    );
    const of = (maxRisk: number) =>
      sentences({ ...certified, certificate: { ...certified.certificate, maxRisk } } as DialChoice);
    expect([0.005, 0.02, 0.0125].map(of)).toEqual([
      expect.stringContaining('at most 0.5 points of'),
      expect.stringContaining('at most 2 points of'),
      expect.stringContaining('at most 1.25 points of'),
    ]);
    expect(sentences({ ...certified, tau: null } as DialChoice)).toContain(
      'Tau off: no earlier exit could be certified, so that every text goes to the end.',
    );
  });

  test('call a difference that rounds to nothing no cost', () => {
    const even = { ...figures, metrics: { ...metrics, accuracyAtTau: 0.8002 } };
    expect(figureSentences(even, 'a').join(' ')).toContain('Leaving early costs no accuracy here.');
  });
});

describe('the sentences on texts that have no one label', () => {
  const off = { meanExit: 3, accuracy: 0.9, microF1: 0.95, macroF1: 0.94, hammingLoss: 0.01 };
  const on = (more: object, metrics: Record<string, number>) =>
    figureSentences({ ...figures, clock: null, metrics, ...more }, 'a')[0];
  test('name as chosen on the validation rows what was chosen there, and a tau only where there is one', () => {
    const alone = { tau: null, dial: null };
    expect(on(alone, off)).toBe(
      "On the validation rows, on which the labels' thresholds were chosen, it has a micro F1 of 0.950 (macro F1 0.940, exactly the right labels for 90.0 % of the texts).",
    );
    expect(on({ ...alone, dial: { ...chosen, tau: null } }, off)).not.toContain('tau');
    expect(on({ ...alone, judgedOn: 'test' }, off)).toMatch(/^On the test rows it has a micro F1 of 0\.950 /);
    const both = on({}, { ...off, microF1AtTau: 0.93 });
    expect(both).toContain(
      "on the validation rows, on which tau and the labels' thresholds were chosen; run to the end",
    );
    expect(on({ dial: certified }, { ...off, microF1AtTau: 0.93 })).toContain(
      "rows, on which the labels' thresholds were",
    );
  });

  test('have the error of numbers beside their deviation, and say where a model is no better than their mean', () => {
    const good = { meanExit: 3, r2: 0.75, pearson: 0.9, spearman: 0.8, meanSquaredError: 0.25, standardDeviation: 1 };
    const alone = { tau: null, dial: null };
    expect(on(alone, good)).toBe(
      "On the validation rows it has a share of the variance explained of 0.750 (a root mean squared error of 0.500, where the numbers' standard deviation is 1.00; Pearson correlation 0.900).",
    );
    const useless = { ...good, r2: -0.1, meanSquaredError: 1.1 };
    expect(on(alone, useless)).toContain('That is no better than answering the mean of the numbers every time.');
    expect(on(alone, { ...good, r2: 0.003 })).toContain('That is hardly better than answering the mean');
    const rows = Object.fromEntries(figureRows({ ...figures, ...alone, clock: null, metrics: useless }));
    expect(rows['share of the variance explained run to the end']).toBe(
      '-0.100, no better than answering the mean of the numbers every time',
    );
    expect(rows['root mean squared error run to the end']).toBe("1.05, where the numbers' standard deviation is 1.00");
    const early = on({}, { ...good, r2AtTau: 0.7 });
    expect(early).toContain('on the validation rows, on which tau was chosen; run to the end, a share');
    expect(early).toContain('Leaving early costs 5.0 hundredths of it.');
  });
});

describe('the rows of the model card', () => {
  test('have the same order, and the cost beside the two accuracies', () => {
    expect(figureRows(figures)).toEqual([
      ['time at tau 0.5', '2.00 ms a text, 500 texts a second'],
      ['time of the same model run to the end', '12.3 ms a text, 6.15 times as long'],
      ['time of plain BERT', '20.0 ms a text, 10.0 times as long'],
      ['accuracy at tau 0.5', '81.0 %'],
      ['accuracy run to the end', '80.0 %'],
      ['accuracy that leaving early costs', 'none: 1.0 points gained'],
      ['F1 run to the end', '0.750'],
      ['operations as computed', '93.0 times fewer'],
      ['operations as the paper counts', '3.00 times fewer'],
      ['mean layer of the answer', '1.20'],
    ]);
    expect(timeNote(clock)).toContain('Times are of 408 test texts');
  });

  test('have no time where none was measured', () => {
    expect(figureRows({ ...figures, clock: null })[0][0]).toMatch(/^accuracy at tau/);
    expect(timeNote(null)).toMatch(/^Operations are not time: /);
  });
});
