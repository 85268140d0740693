import { describe, expect, test } from 'vitest';
import { counter } from '../../../src/cli/output/counter.ts';
import { duration, metric, percent, thousands } from '../../../src/cli/output/format.ts';
import { type Progress, trainProgress } from '../../../src/cli/output/progress.ts';
import { Memory, Terminal } from '../fake.ts';

const begin = (progress: Progress, stage = 'regular') =>
  progress.onEvent({ kind: 'stage', method: 'mp', stage, epochs: 2, steps: 100 });
const step = (progress: Progress, n: number) =>
  progress.onEvent({
    kind: 'step',
    stage: 'regular',
    epoch: 1,
    step: n,
    steps: 100,
    loss: 0.5,
    tokensPerSecond: 12_345.6,
    secondsLeft: 100 - n,
  });
const epoch = (progress: Progress) =>
  progress.onEvent({
    kind: 'epoch',
    stage: 'regular',
    epoch: 1,
    loss: 0.25,
    validation: { accuracy: 0.985, 'accuracy.1': 0.9 },
    seconds: 75,
  });

describe('progress where there is no terminal', () => {
  test('is a line at the start and end of a stage, after each epoch, and at most every ten seconds in between', () => {
    const out = new Memory();
    let clock = 0;
    const progress = trainProgress(out, () => clock);
    begin(progress);
    for (let n = 1; n <= 50; n++) {
      clock += 500;
      step(progress, n);
    }
    epoch(progress);
    progress.onEvent({ kind: 'note', text: '3 texts were cut' });
    begin(progress, 'soft');
    clock += 65_000;
    progress.stop(true);
    expect(out.text.split('\n')).toEqual([
      'mp, regular stage: 2 epochs, 100 steps',
      'regular: step 20 of 100, epoch 1, loss 0.5000, 12,346 tokens a second, 1 min 20 s left',
      'regular: step 40 of 100, epoch 1, loss 0.5000, 12,346 tokens a second, 1 min 00 s left',
      'regular: epoch 1 done in 1 min 15 s, loss 0.2500, validation: accuracy 98.5 %, accuracy.1 90.0 %',
      'note: 3 texts were cut',
      'mp, regular stage: done in 25 s',
      'mp, soft stage: 2 epochs, 100 steps',
      'mp, soft stage: done in 1 min 05 s',
      '',
    ]);
  });

  test('does not call a stage done that failed, and says nothing twice', () => {
    const out = new Memory();
    const progress = trainProgress(out);
    begin(progress);
    progress.stop(false);
    progress.stop(true);
    expect(out.text).toBe('mp, regular stage: 2 epochs, 100 steps\n');
  });
});

describe('progress on a terminal', () => {
  test('is a bar that is redrawn with share, loss, rate and time left', () => {
    const out = new Terminal();
    const progress = trainProgress(out);
    begin(progress);
    step(progress, 1);
    step(progress, 25);
    epoch(progress); // writes a line, so the bar is drawn again below it
    progress.stop(true);
    expect(out.text).toContain('mp, regular stage [');
    expect(out.text).toContain('] 25 %  epoch 1, loss 0.5000, 12,346 tokens a second, 1 min 15 s left');
    expect(out.text).toContain(
      'regular: epoch 1 done in 1 min 15 s, loss 0.2500, validation: accuracy 98.5 %, accuracy.1 90.0 %\n',
    );
    expect(out.text).toMatch(/mp, regular stage: done in 0 s\n$/);
  });

  test('leaves Ctrl-C alone', () => {
    const listeners = process.listenerCount('SIGINT');
    const progress = trainProgress(new Terminal());
    begin(progress);
    expect(process.listenerCount('SIGINT')).toBe(listeners);
    progress.stop(false);
  });

  test('leaves the cursor visible, also after an error', () => {
    const out = new Terminal();
    const progress = trainProgress(out);
    begin(progress);
    step(progress, 1);
    progress.stop(false);
    const [hidden, shown] = ['\u001b[?25l', '\u001b[?25h'].map((code) => out.text.lastIndexOf(code));
    expect(hidden).toBeGreaterThanOrEqual(0);
    expect(shown).toBeGreaterThan(hidden);
    expect(out.text).not.toContain('done');
  });
});

test('a counter is silent for ten seconds and then tells number and rate', () => {
  const out = new Memory();
  let clock = 0;
  const count = counter(out, 'texts', () => clock);
  for (let n = 1; n <= 25; n++) {
    clock += 1000;
    count.at(n * 1000);
  }
  expect(out.text).toBe('10,000 texts, 1,000 a second\n20,000 texts, 1,000 a second\n');
});

test.each([
  [duration(-3), '0 s'],
  [duration(59.4), '59 s'],
  [duration(59.6), '1 min 00 s'],
  [duration(3599.4), '59 min 59 s'],
  [duration(3661), '1 h 01 min'],
  [percent(0.98549), '98.5 %'],
  [metric('speedupActual', 3.456), 'speedupActual 3.46'],
  [thousands(1234567.8), '1,234,568'],
])('%s reads as %s', (shown, expected) => expect(shown).toBe(expected));

describe('a download', () => {
  const download = (progress: Progress, received: number) =>
    progress.onEvent({ kind: 'download', name: 'org/name', received: 1e6 * received, total: 90e6 });

  test('is a line every ten seconds and one at its end where there is no terminal', () => {
    const out = new Memory();
    let clock = 0;
    const progress = trainProgress(out, () => clock);
    for (let received = 0; received <= 90; received += 6) {
      clock += 2000;
      download(progress, received);
    }
    progress.stop(true);
    expect(out.text.split('\n')).toEqual([
      'org/name: 24 MB of 90 MB downloaded',
      'org/name: 54 MB of 90 MB downloaded',
      'org/name: 84 MB of 90 MB downloaded',
      'org/name: downloaded, 90 MB',
      '',
    ]);
  });

  test('is a bar on a terminal, which is gone when it is over, also where it failed', () => {
    for (const last of [90, 40]) {
      const out = new Terminal();
      const progress = trainProgress(out);
      download(progress, 30);
      expect(out.text).toContain('org/name [');
      expect(out.text).toContain('33 %  30 MB of 90 MB');
      download(progress, last);
      progress.stop(false);
      expect(out.text.includes('org/name: downloaded, 90 MB\n')).toBe(last === 90);
      const shown = out.text.lastIndexOf('\u001B[?25h'); // the cursor is shown again
      expect(shown).toBeGreaterThan(out.text.lastIndexOf('\u001B[?25l'));
    }
  });
});
