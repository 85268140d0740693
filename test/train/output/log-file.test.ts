import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TrainEvent } from '../../../src/train/events.ts';
import { logged } from '../../../src/train/output/log-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const step = (stage: string, at: number, epoch: number): TrainEvent => ({
  ...{
    kind: 'step',
    stage,
    epoch: epoch + 1,
    step: at,
    steps: 4,
    loss: at / 10,
    tokensPerSecond: 99.6,
    secondsLeft: 1,
  },
});
const epoch = (stage: string, at: number): TrainEvent => ({
  ...{ kind: 'epoch', stage, epoch: at + 1, loss: 0.5, validation: { accuracy: 0.8, 'accuracy.1': 0.6 }, seconds: 2 },
});
const whole = [
  ...[step('heads', 1, 0), epoch('heads', 0)],
  ...[
    step('soft', 1, 0),
    step('soft', 2, 0),
    epoch('soft', 0),
    step('soft', 3, 1),
    step('soft', 4, 1),
    epoch('soft', 1),
  ],
  ...[step('heads', 1, 0), epoch('heads', 0)],
];

function log(name: string, events: readonly TrainEvent[], resume = false): string {
  const path = join(root, name, 'log.csv');
  const seen: TrainEvent[] = [];
  const onEvent = logged({ log: path, resume }, (event) => seen.push(event));
  for (const event of events) onEvent(event);
  expect(seen).toEqual(events);
  return readFileSync(path, 'utf8');
}

describe('the log of a run', () => {
  it('has a line for each step and each epoch, counted from 1', () => {
    const lines = log('whole', [{ kind: 'note', text: 'a' }, ...whole]).split('\n');
    expect(lines[0]).toBe('kind,stage,epoch,step,loss,validation,tokensPerSecond,seconds');
    expect(lines[3]).toBe('step,soft,1,1,0.1,,100,');
    expect(lines[5]).toBe('epoch,soft,1,2,0.5,0.8,,2');
    // the heads stage is judged by its heads
    expect(lines[2]).toBe('epoch,heads,1,1,0.5,0.6,,2');
    expect(lines).toHaveLength(whole.length + 2);
  });

  it('is the same after a run was stopped anywhere and went on from any step before', () => {
    const expected = log('again', whole);
    for (const [stopped, from] of [
      [4, 2],
      [4, 4],
      [6, 3],
      [6, 5],
      [8, 8],
      [9, 8],
      [10, 8],
      [2, 2],
    ]) {
      const name = `from ${stopped} at ${from}`;
      log(name, whole.slice(0, stopped));
      expect(log(name, whole.slice(from), true), name).toBe(expected);
    }
  });

  it('begins anew where a run does', () => {
    log('anew', whole);
    expect(log('anew', whole.slice(0, 1)).split('\n')).toHaveLength(3);
  });

  it('that cannot be written is said before anything is trained', () => {
    expect(() => logged({ log: root, resume: false }, () => {})).toThrow(expect.objectContaining({ code: 'MP_WRITE' }));
  });
});
