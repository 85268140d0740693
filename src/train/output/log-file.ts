/**
 * The log of a run as a csv file, a line a step and a line an epoch, written as training goes. A run that is resumed goes on
 * in its file: lines of steps that it does again are left out first. Knows nothing of how progress is shown.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { PyramidError } from '../../errors.ts';
import type { OnTrainEvent, TrainEvent } from '../events.ts';
import { judgedBy } from '../stages/kept-epoch.ts';

/** `epoch` and `step` count from 1, within the stage. `validation` is what an epoch is judged by. */
const COLUMNS = ['kind', 'stage', 'epoch', 'step', 'loss', 'validation', 'tokensPerSecond', 'seconds'] as const;
const HEAD = `${COLUMNS.join(',')}\n`;

type Step = Extract<TrainEvent, { kind: 'step' }>;
type Epoch = Extract<TrainEvent, { kind: 'epoch' }>;

/** Hands every event on to `onEvent` too. `path` null: there is no log. Throws MP_WRITE. */
export function logged(
  { log: path, resume }: { readonly log: string | null; readonly resume: boolean },
  onEvent: OnTrainEvent,
): OnTrainEvent {
  if (path === null) return onEvent;
  const writing = (write: () => void) => {
    try {
      write();
    } catch (cause) {
      throw new PyramidError('MP_WRITE', { path, reason: (cause as Error).message }, { cause });
    }
  };
  let open = resume && existsSync(path);
  writing(() => {
    mkdirSync(dirname(path), { recursive: true });
    if (!open) writeFileSync(path, HEAD);
  });
  let step = 0;
  return (event) => {
    onEvent(event);
    if (event.kind === 'step') step = event.step;
    if (event.kind !== 'step' && event.kind !== 'epoch') return;
    writing(() => {
      if (open) {
        const before = linesBefore(readFileSync(path, 'utf8'), event);
        writeFileSync(path, before);
        // a run may have been stopped after the last step of an epoch
        if (event.kind === 'epoch') step = lastStep(before);
      }
      open = false;
      appendFileSync(path, event.kind === 'step' ? stepLine(event) : epochLine(event, step));
    });
  };
}

const stepLine = ({ kind, stage, epoch, step, loss, tokensPerSecond }: Step): string =>
  stringify([[kind, stage, epoch, step, loss, '', Math.round(tokensPerSecond), '']]);

const epochLine = ({ kind, stage, epoch, loss, validation, seconds }: Epoch, step: number): string =>
  stringify([[kind, stage, epoch, step, loss, judgedBy(stage, validation) ?? '', '', Number(seconds.toFixed(3))]]);

/** The whole lines of what a run wrote until `first`; only its last stage can be done again in part. */
function linesBefore(text: string, first: Step | Epoch): string {
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split(/(?<=\n)/);
  const from = lines.findLastIndex((line) => line.split(',')[1] !== first.stage) + 1;
  const isBefore = (line: string): boolean => {
    const [kind, , epoch, step] = line.split(',');
    if (first.kind === 'step') return Number(step) < first.step;
    return Number(epoch) <= first.epoch - (kind === 'step' ? 0 : 1);
  };
  const done = lines.slice(from).findIndex((line) => !isBefore(line));
  return lines.slice(0, done < 0 ? lines.length : from + done).join('') || HEAD;
}

/** The step of the last line; 0: there is none. */
const lastStep = (text: string): number => Number(text.trimEnd().split('\n').at(-1)!.split(',')[3]) || 0;
