// Mutated inputs to every parser: no crash, no hang, bounded memory, and an error of the catalogue or an answer. What was ever
// found stays in found.json, and is tried first.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NAMES, prepare } from './targets.mjs';

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url));
/** { name, text }: inputs that were once answered badly, as small as they go. */
const FOUND = JSON.parse(readFileSync(new URL('./found.json', import.meta.url), 'utf8'));

const HANG_MS = 20_000;
/** Above the same process after a good input. */
const MOST_MEMORY = 512 * 2 ** 20;
const INPUTS = { short: 150, full: 100_000 };

/** `kinds`: of files, by name; null: all. Of each as many inputs are tried as when all kinds are. */
export async function parsers({ dir, seed, short, kinds, report, say }) {
  const odd = kinds?.find((name) => !NAMES.includes(name));
  if (odd !== undefined) throw new Error(`there is no kind "${odd}": use ${NAMES.join(', ')}`);
  await prepare(dir, seed);
  const each = Math.ceil((short ? INPUTS.short * NAMES.length : INPUTS.full) / NAMES.length);
  const sums = { inputs: 0, answered: 0, refused: 0, most: 0, faults: [], hangs: [], crashes: [], slow: 0 };
  for (const { name, text } of FOUND)
    if (kinds === null || kinds.includes(name)) await tryOut({ dir, seed, name, text, from: 0, to: 1 }, sums);
  for (const name of kinds ?? NAMES) {
    const before = sums.inputs;
    const start = performance.now();
    await tryOut({ dir, seed, name, from: 0, to: each }, sums);
    say(`  ${name}: ${sums.inputs - before} inputs in ${Math.round((performance.now() - start) / 1000)} s`);
  }
  const { inputs, answered, refused, most, faults, hangs, crashes, slow } = sums;
  const all = `${inputs} inputs, ${answered} answered, ${refused} refused with a sentence`;
  report(
    'a mutated input is answered, or refused with an error of the catalogue',
    told(all, faults),
    faults.length === 0,
  );
  report('no input crashes the process', told(`${crashes.length} crashes`, crashes), crashes.length === 0);
  report(`no input holds it for ${HANG_MS / 1000} s`, told(`${slow} took more than 2 s`, hangs), hangs.length === 0);
  const mebibytes = Math.round(most / 2 ** 20);
  report(`memory stays below ${MOST_MEMORY / 2 ** 20} MiB`, `${mebibytes} MiB at most`, most < MOST_MEMORY);
}

const told = (figure, cases) => [figure, ...cases.slice(0, 5)].join('\n        ');

/** One child after another, until all inputs were tried: each that ends early is begun again behind the input it ended at. */
async function tryOut({ from, to, ...task }, sums) {
  for (let next = from; next < to; ) {
    const last = await oneChild({ ...task, from: next, to, place: `in-${task.name}` }, sums);
    sums.inputs += last - next;
    next = last;
  }
}

/** The input behind the last one that was tried. */
function oneChild(task, sums) {
  return new Promise((done, fail) => {
    const child = fork(CHILD, [JSON.stringify(task)], {
      execArgv: ['--max-old-space-size=1024'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let at = task.from - 1;
    let [isReady, ended, hung] = [false, false, false];
    let errors = '';
    child.stderr.on('data', (text) => {
      errors = (errors + text).slice(-2000);
    });
    const label = (i) =>
      `${task.name}, ${task.text === undefined ? `seed ${task.seed}, input ${i}` : `one that was found before: ${task.text.slice(0, 60)}`}`;
    let timer;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          hung = true;
          child.kill('SIGKILL');
        },
        isReady ? HANG_MS : 120_000,
      );
    };
    watch();
    child.on('message', (message) => {
      watch();
      if (message.kind === 'ready') isReady = true;
      if (message.kind === 'begin') at = message.i;
      if (message.kind === 'slow') sums.slow++;
      if (message.kind === 'fault') sums.faults.push(`${label(message.i)}: ${message.what}`);
      if (message.kind === 'end') {
        ended = true;
        sums.answered += message.answered;
        sums.refused += message.refused;
        sums.most = Math.max(sums.most, message.maxRss);
      }
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (!isReady) return fail(new Error(`a good ${task.name} was not read: ${errors}`));
      if (ended) return done(task.to);
      (hung ? sums.hangs : sums.crashes).push(`${label(at)}: ${hung ? 'no answer' : `${signal ?? code} ${errors}`}`);
      return done(at + 1);
    });
  });
}
