/**
 * Shows a training run as it goes: on a terminal a bar with loss, tokens a second and time left, elsewhere plain lines
 * (each stage's begin and end, each epoch, and at most one line every ten seconds between), and downloads
 * likewise. Knows only events.
 */
import { SingleBar } from 'cli-progress';
import type { OnTrainEvent, TrainEvent } from '../../train/events.ts';
import { count, duration, metric, thousands } from './format.ts';

export interface Progress {
  readonly onEvent: OnTrainEvent;
  /** Call it once, also after an error: it puts the terminal in order. */
  stop(finished: boolean): void;
}

/** Shows the downloads of what a command needs before its own work. */
export async function showDownloads<T>(stream: Output, work: (onEvent: OnTrainEvent) => Promise<T>): Promise<T> {
  const progress = trainProgress(stream);
  try {
    return await work(progress.onEvent);
  } finally {
    progress.stop(false);
  }
}

type Stage = Extract<TrainEvent, { kind: 'stage' }>;
type Step = Extract<TrainEvent, { kind: 'step' }>;
type Epoch = Extract<TrainEvent, { kind: 'epoch' }>;
type Download = Extract<TrainEvent, { kind: 'download' }>;
type FloorEvent = Extract<TrainEvent, { kind: 'floor' }>;
type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

const quietMs = 10_000;

/** @param now milliseconds, for tests */
export function trainProgress(stream: Output, now: () => number = () => performance.now()): Progress {
  const view = stream.isTTY ? barView(stream) : lineView(stream, now);
  let stage: Stage | null = null;
  let begun = 0;
  const endStage = (finished: boolean) => {
    view.end();
    if (!stage) return;
    if (finished) view.line(`${title(stage)}: done in ${duration((now() - begun) / 1000)}`);
    stage = null;
  };
  return {
    onEvent(event) {
      switch (event.kind) {
        case 'stage':
          endStage(true);
          [stage, begun] = [event, now()];
          view.begin(event);
          break;
        case 'step':
          view.step(event);
          break;
        case 'epoch':
          view.line(epochLine(event));
          break;
        case 'download':
          view.download(event);
          break;
        case 'floor':
          endStage(true);
          view.floor(event);
          break;
        case 'note':
          view.line(`note: ${event.text}`);
          break;
        default:
          event satisfies never;
      }
    },
    stop: endStage,
  };
}

interface View {
  begin(stage: Stage): void;
  step(step: Step): void;
  download(download: Download): void;
  floor(floor: FloorEvent): void;
  line(text: string): void;
  end(): void;
}

function lineView(stream: Output, now: () => number): View {
  let last = now();
  const line = (text: string) => {
    last = now();
    stream.write(`${text}\n`);
  };
  return {
    begin: (stage) => line(`${title(stage)}: ${count(stage.epochs, 'epoch')}, ${count(stage.steps, 'step')}`),
    step(step) {
      if (now() - last < quietMs) return;
      line(`${step.stage}: step ${step.step} of ${step.steps}, epoch ${step.epoch}, ${pace(step)}`);
    },
    download(download) {
      if (isWhole(download)) line(`${download.name}: downloaded, ${megabytes(download.total)}`);
      else if (now() - last >= quietMs) line(downloadLine(download));
    },
    floor(floor) {
      if (now() - last >= quietMs) line(floorLine(floor));
    },
    line,
    end: () => {},
  };
}

function barView(stream: Output): View {
  let bar: SingleBar | null = null;
  let last: Step | null = null;
  let stage: Stage | null = null;
  let phase: FloorEvent['phase'] | null = null;
  const open = (total: number, value: number, shown: { title: string; detail: string }) => {
    bar = new SingleBar({
      stream,
      format: `{title} [{bar}] {percentage} %  {detail}`,
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      linewrap: false,
      gracefulExit: false, // its listener would swallow the first Ctrl-C; main.ts puts the terminal in order
    });
    bar.start(total, value, shown);
  };
  const draw = () => {
    if (stage) open(stage.steps, last?.step ?? 0, { title: title(stage), detail: last ? detail(last) : '' });
  };
  const erase = () => {
    bar?.stop();
    bar = null;
  };
  return {
    begin(next) {
      [stage, last] = [next, null];
      draw();
    },
    step(step) {
      last = step;
      bar?.update(step.step, { detail: detail(step) });
    },
    download(download) {
      if (isWhole(download)) {
        erase();
        stream.write(`${download.name}: downloaded, ${megabytes(download.total)}\n`);
        return;
      }
      const shown = { title: download.name, detail: `${megabytes(download.received)} of ${megabytes(download.total)}` };
      if (bar) bar.update(download.received, shown);
      else open(download.total, download.received, shown);
    },
    floor(floor) {
      // phases have scales of their own
      if (bar && phase !== floor.phase) erase();
      const shown = { title: `floor 0, ${PHASES[floor.phase]}`, detail: '' };
      if (bar) bar.update(floor.done, shown);
      else open(floor.of, floor.done, shown);
      phase = floor.phase;
    },
    line(text) {
      const drawn = bar !== null;
      erase();
      stream.write(`${text}\n`);
      if (drawn) draw(); // a download draws itself again
    },
    end() {
      erase();
      stage = null;
    },
  };
}

const PHASES: Readonly<Record<FloorEvent['phase'], string>> = {
  answers: "the network's answers to texts without labels",
  tokens: 'tokens',
  features: 'features',
  strength: 'strength of the penalty',
  weights: 'weights',
};

const floorLine = ({ phase, done, of }: FloorEvent): string =>
  `floor 0, ${PHASES[phase]}: ${thousands(done)} of ${thousands(of)}`;

const title = ({ method, stage }: Stage): string => `${method}, ${stage} stage`;

const detail = (step: Step): string => `epoch ${step.epoch}, ${pace(step)}`;

const isWhole = ({ received, total }: Download): boolean => received === total;

const downloadLine = ({ name, received, total }: Download): string =>
  `${name}: ${megabytes(received)} of ${megabytes(total)} downloaded`;

const megabytes = (bytes: number): string => `${thousands(Math.ceil(bytes / 1e6))} MB`;

const pace = ({ loss, tokensPerSecond, secondsLeft }: Step): string =>
  `loss ${loss.toFixed(4)}, ${thousands(tokensPerSecond)} tokens a second, ${duration(secondsLeft)} left`;

function epochLine({ stage, epoch, loss, validation, seconds }: Epoch): string {
  const metrics = Object.entries(validation ?? {}).map(([name, value]) => metric(name, value));
  const judged = metrics.length > 0 ? `, validation: ${metrics.join(', ')}` : '';
  return `${stage}: epoch ${epoch} done in ${duration(seconds)}, loss ${loss.toFixed(4)}${judged}`;
}
