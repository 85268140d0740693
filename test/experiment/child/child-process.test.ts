import { type ChildProcess, spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, runCampaign } from '../../../src/experiment/campaign.ts';
import { doJob } from '../../../src/experiment/child/child-job.ts';
import { inheritedFlags } from '../../../src/experiment/child/node-flags.ts';
import { METHOD_ROWS } from '../../../src/experiment/method-rows.ts';
import { taskOptions } from '../../../src/experiment/reproduce/reproduce.ts';
import { type Campaign, stagesOf, type Unit } from '../../../src/experiment/unit.ts';
import type { TrainEvent } from '../../../src/train/events.ts';
import { cpu } from '../../support/cpu.ts';
import { TINY, tinyTraining, writeScratchTasks } from '../../support/scratch-tasks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const dataDir = join(folder, 'data');
const methods = ['bert', 'ltp', 'mp', 'fastbert'];
const terms = { maxDrop: 0.2, by: 'actual', confidence: 0.95, distilbertModel: null, keepModels: true } as const;

function campaignIn(out: string): Campaign {
  const units = methods.map((name): Unit => {
    const row = METHOD_ROWS.get(name)!;
    const own = join(out, name);
    const options = taskOptions('mrpc', row, { ...tinyTraining, dataDir, out: own });
    const where = { folder: own, stagesFolder: join(out, 'stages'), testLimit: 20 };
    return { task: 'mrpc', row, seed: 0, options, ...where, label: `mrpc, ${name}` };
  });
  return { ...terms, units };
}

/** The same runs one after the other in this process, the state of each shared stage kept. */
async function inThisProcess({ units }: Campaign): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  const later = units.flatMap((unit) => stagesOf(terms, unit));
  let baseline: number | null = null;
  let bertMsPerText: number | null = null;
  for (const unit of units) {
    const onEvent = (event: TrainEvent) =>
      events.push(event.kind === 'stage' ? { ...event, method: `mrpc, ${event.method}` } : event);
    await doJob({ kind: 'run', terms, unit, first: units[0], baseline, bertMsPerText, later }, cpu, onEvent);
    baseline ??= resultIn(unit.folder).baseline;
    bertMsPerText ??= resultIn(unit.folder).clock.msPerText;
  }
  return events;
}

/** Children of this process that are started while `work` is done. */
async function watched<T>(onChild: (child: ChildProcess) => void, work: () => Promise<T>): Promise<T> {
  const listen = (message: unknown) => onChild((message as { process: ChildProcess }).process);
  subscribe('child_process', listen);
  try {
    return await work();
  } finally {
    unsubscribe('child_process', listen);
  }
}

const resultIn = (runFolder: string) => JSON.parse(readFileSync(join(runFolder, 'result.json'), 'utf8'));
const untimed = (events: readonly TrainEvent[]) =>
  events.map((event) => {
    if (event.kind === 'step') return { ...event, tokensPerSecond: 0, secondsLeft: 0 };
    if (event.kind === 'note')
      return { ...event, text: event.text.replace(/[\d.]+ (ms a text|times as fast)/g, '? $1') };
    return event.kind === 'epoch' ? { ...event, seconds: 0 } : event;
  });
const failures = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) => ('failed' in outcome ? outcome.failed : null));

/** What a run leaves, without what the clock said. */
function leftIn(out: string, method: string) {
  const { clock: _, ...result } = resultIn(join(out, method));
  const weights = readFileSync(join(out, method, 'model', 'model.safetensors'));
  return { result, weights: weights.toString('base64'), files: readdirSync(join(out, method)).sort() };
}

const here = campaignIn(join(folder, 'here'));
let eventsHere: TrainEvent[];
beforeAll(async () => {
  writeScratchTasks(dataDir);
  eventsHere = await inThisProcess(here);
});

describe('a campaign whose runs have a process each', () => {
  it('leaves what the same runs leave in one process, and tells the same in the same order', async () => {
    const out = join(folder, 'apart');
    const events: TrainEvent[] = [];
    const children: ChildProcess[] = [];
    const outcomes = await watched(
      (child) => children.push(child),
      () => runCampaign(campaignIn(out), (event) => events.push(event)),
    );
    expect(failures(outcomes)).toEqual([null, null, null, null]);
    const pids = new Set(children.map(({ pid }) => pid));
    expect(pids.size, 'a look at the group, and a process a run').toBe(1 + methods.length);
    expect(events[0]).toMatchObject({ kind: 'note', text: expect.stringMatching(/^4 runs, 4 of them left/) });
    expect(untimed(events.slice(1))).toEqual(untimed(eventsHere));
    expect(events.filter(({ kind }) => kind === 'step').length).toBeGreaterThan(20);
    for (const method of methods) expect(leftIn(out, method)).toEqual(leftIn(join(folder, 'here'), method));
    for (const [i, outcome] of outcomes.entries())
      expect(outcome).toMatchObject({ result: resultIn(here.units[i].folder.replace('here', 'apart')) });
  });

  it('marks the run whose process is killed, continues with the others, and repeats it on resume', async () => {
    const out = join(folder, 'killed');
    const events: TrainEvent[] = [];
    let latest: ChildProcess;
    const kill = (event: TrainEvent) => {
      events.push(event);
      if (event.kind === 'stage' && event.method === 'mrpc, ltp' && event.stage === 'soft') latest.kill('SIGKILL');
    };
    const watch = (child: ChildProcess) => {
      latest = child;
    };
    const outcomes = await watched(watch, () => runCampaign(campaignIn(out), kill));
    const reason = expect.stringMatching(/^the process of mrpc, ltp was killed by SIGKILL before .*--resume$/);
    expect(failures(outcomes)).toEqual([null, reason, null, null]);
    expect(events).toContainEqual({ kind: 'note', text: expect.stringMatching(/^mrpc, ltp: failed, the process of/) });
    expect(existsSync(join(out, 'ltp', 'result.json'))).toBe(false);

    expect(failures(await runCampaign(campaignIn(out), () => {}))).toEqual([null, null, null, null]);
    for (const method of methods) expect(leftIn(out, method)).toEqual(leftIn(join(folder, 'here'), method));
    expect(readdirSync(out).sort()).toEqual([...methods].sort());
  });

  it('marks a task whose process crashed while reading it, with how it ended', async () => {
    const before = [...process.execArgv];
    process.execArgv.push('--import', 'data:text/javascript,process.exit(7)');
    try {
      const failed = failures(await runCampaign(campaignIn(join(folder, 'none')), () => {}));
      const reason = expect.stringMatching(/^the process of mrpc ended with exit code 7 before/);
      expect(failed).toEqual(methods.map(() => reason));
    } finally {
      process.execArgv.splice(0, Number.POSITIVE_INFINITY, ...before);
    }
  });

  it('marks a run whose events its caller cannot take, and leaves no process of it', async () => {
    const children: ChildProcess[] = [];
    const full = (event: TrainEvent) => {
      if (event.kind === 'step' && event.stage === 'hard') throw new Error('the disk of the log is full');
    };
    const outcomes = await watched(
      (child) => children.push(child),
      () => runCampaign(campaignIn(join(folder, 'deaf')), full),
    );
    expect(failures(outcomes)).toEqual([null, 'the disk of the log is full', 'the disk of the log is full', null]);
    expect(children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)).toEqual([]);
  });

  it('takes its running process with it when it is killed', async () => {
    // the flag is handed on to the child, which has none to tell of
    const tell =
      "import { subscribe } from 'node:diagnostics_channel';" +
      "subscribe('child_process', ({ process: it }) => setImmediate(() => console.error('child', it.pid)));";
    const out = resolve(folder, 'orphan');
    const command = `dist/cli/main.js reproduce --tasks mrpc --methods bert --data-dir ${dataDir} ${TINY} --out ${out}`;
    const flags = ['--import', `data:text/javascript,${encodeURIComponent(tell)}`];
    const parent = spawn(process.execPath, [...flags, ...command.split(' ')], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    await new Promise<void>((running) => {
      parent.stderr.on('data', (chunk) => {
        said += chunk;
        if (/mrpc, bert, regular stage/.test(said)) running();
      });
      parent.once('exit', () => running());
    });
    const child = Number(/.*child (\d+)/s.exec(said)![1]);
    expect(isAlive(child), said).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await expect.poll(() => isAlive(child), { timeout: 20_000 }).toBe(false);
    expect(existsSync(join(out, 'mrpc', 'bert', 'seed-0', 'result.json'))).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('hands on the flags of Node that hold for another file too', () => {
  const kept = ['--max-old-space-size=4096', '--import', './preload.mjs', '--no-warnings', '-r', './old.cjs'];
  const own = ['--input-type=module', '--input-type', 'module', '--inspect-brk=9229', '--watch', '-e', 'code()', '-p'];
  expect(inheritedFlags([...own.slice(0, 5), ...kept, ...own.slice(5)])).toEqual(kept);
});
