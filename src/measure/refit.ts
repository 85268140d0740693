/**
 * Floor 0 of a model made anew from texts that nobody has labelled, such as last week's: the network answers them and is not
 * touched; tau is found anew, certified where that can be, since floor 0 is another. In place or in a new folder, whole or not at all.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readConfig } from '../encoder/index.ts';
import { Pyramid } from '../engine/index.ts';
import { PyramidError } from '../errors.ts';
import { judge, type Trace } from '../evaluate/index.ts';
import { knownOptions } from '../option.ts';
import { exitLogits } from '../pyramid/exits/sum.ts';
import { type FloorSum, floorFile, PLAIN_SUM } from '../pyramid/floor/index.ts';
import { withoutAbstention, withoutDial } from '../pyramid/folder/dial.ts';
import { withDialSection } from '../pyramid/folder/dial-section.ts';
import { readModelFolder } from '../pyramid/folder/disk-model.ts';
import { formatOf } from '../pyramid/folder/format.ts';
import { settingsOf } from '../pyramid/folder/frozen.ts';
import { dtypeOf, FLOOR_FILE, json, type PyramidInfo } from '../pyramid/folder/model-folder.ts';
import { argmax, softmax } from '../pyramid/logits.ts';
import { randomStream } from '../random.ts';
import type { Dataset } from '../text/example.ts';
import { loadTokenizer } from '../text/index.ts';
import type { OnTrainEvent } from '../train/events.ts';
import { refuseReused } from '../train/start/calibration-rows.ts';
import type { RefitFiles } from '../train/start/fresh-rows.ts';
import { fitTemperatures, withTemperatures } from '../train/with-floor/exit-temperatures.ts';
import { type LearnedFloor, learnFloor, traceWithFloor } from '../train/with-floor/learn-floor.ts';
import { readUnlabelled, type Text } from '../train/with-floor/unlabelled-texts.ts';
import { needEmptyFolder } from '../write-folder.ts';
import { copyFolder } from './copy-folder.ts';
import { KeptAnswers } from './kept-answers.ts';
import { certifiedOr, chosen, type FoundTau, fewestFor } from './refit-tau.ts';
import { runTrace } from './run-trace.ts';
import { trainedWeights } from './trained-weights.ts';

export interface RefitOptions {
  /** Model folder. */
  readonly model: string;
  /** Files of texts, or patterns of their names. */
  readonly unlabelled: readonly string[];
  readonly text?: string | null;
  readonly pair?: string | null;
  readonly delimiter?: string | null;
  /** Labelled rows that floor 0 learns from beside the texts. */
  readonly train?: Dataset | null;
  /** Labelled rows that w and k are chosen on, and tau too where there are no calibration rows. */
  readonly validation?: Dataset | null;
  /** Labelled rows that trained and chose nothing of the model: they certify tau. */
  readonly calibration?: Dataset | null;
  /** Where `train` and `validation` come from, for training.json: later rows to certify with are compared with them. */
  readonly files?: { readonly train: string | null; readonly validation: string | null };
  /** Without labelled rows: the share of texts, 0 to 1, that tau may have answered otherwise than the model run to the end. */
  readonly maxDisagreement?: number; // 0.01
  /** With them: the accuracy, 0 to 1, that tau may cost against the model run to the end. */
  readonly maxDrop?: number; // 0.01
  /** How often what is certified holds, above 0 and below 1. */
  readonly confidence?: number; // 0.95
  /** null: in the place of the model. Else it must be empty or not exist. */
  readonly out?: string | null;
  readonly seed?: number; // 0
  readonly onEvent?: OnTrainEvent;
  readonly signal?: AbortSignal;
}

export interface Refitted extends FoundTau {
  readonly out: string;
  /** Texts that floor 0 learned from, and labelled rows beside them. */
  readonly texts: number;
  readonly rows: number;
  readonly sum: FloorSum;
  /** What tau was found on: rows with labels, or texts held back, that chose nothing else. */
  readonly by: 'calibration' | 'validation' | 'held back';
  readonly judged: number;
  /** Of those, at tau: accuracy, or the share that is answered as run to the end. */
  readonly right: number;
  /** Share that floor 0 answers at tau. */
  readonly atFloor: number;
  readonly seconds: number;
}

const KEYS = [
  ...([
    'model',
    'unlabelled',
    'text',
    'pair',
    'delimiter',
    'train',
    'validation',
    'calibration',
    'files',
    'maxDisagreement',
    'maxDrop',
    'confidence',
  ] as const),
  ...(['out', 'seed', 'onEvent', 'signal'] as const),
];
/** One text of so many is held back where there are no validation rows. */
const HELD_BACK = 10;
/** So many, and up to so large a part of all, where that can certify and a tenth may not. */
const TO_CERTIFY = 2000;
const MOST_HELD_BACK = 4;

/**
 * Throws MP_USAGE for a model without a network or whose answers are not one of several labels, MP_OUT_EXISTS if `out` is not
 * empty, MP_WRITE, and as `readUnlabelled` and `Pyramid.load`.
 */
export async function refit(options: RefitOptions): Promise<Refitted> {
  const given = knownOptions(options, KEYS);
  const { model, train = null, validation = null, calibration = null, out = null, seed = 0, onEvent, signal } = given;
  const {
    maxDisagreement = 0.01,
    maxDrop = 0.01,
    confidence = 0.95,
    text = null,
    pair = null,
    delimiter = null,
  } = given;
  const started = performance.now();
  for (const [name, share] of Object.entries({ maxDisagreement, maxDrop }))
    if (!(share >= 0 && share <= 1))
      throw new PyramidError('MP_USAGE', { what: `${name} is ${share}`, todo: 'give a fraction from 0 to 1' });
  if (!(confidence > 0 && confidence < 1))
    throw new PyramidError('MP_USAGE', {
      what: `confidence is ${confidence}`,
      todo: 'give a fraction above 0 and below 1',
    });
  // the folder does not know of these files yet
  if (calibration) {
    const others = [train, validation].filter((set) => set !== null);
    refuseReused(calibration.name, calibration, others);
  }
  if (out !== null) await needEmptyFolder(out);
  const config = await readConfig(model);
  const tokenizer = await loadTokenizer(model);
  const pyramid = await Pyramid.load(model, { signal });
  try {
    const { info, labels } = pyramid;
    checkModel(model, pyramid.shape.layers, config.problemType);
    const weights = await trainedWeights(model, labels);
    const { pairs } = info;
    const known = { train, judges: [validation, calibration] };
    const onNote = (note: string) => onEvent?.({ kind: 'note', text: note });
    const texts = await readUnlabelled({ files: given.unlabelled, text, pair, delimiter, pairs, known, onNote });
    const holds = validation === null && calibration === null;
    const [held, learned] = holds ? heldBack(texts, fewestFor(maxDisagreement, confidence), seed, model) : [[], texts];
    const kept = await KeptAnswers.of(pyramid, model, `${resolve(out ?? model)}.refit`);
    const answered = async (some: readonly Text[], before: number): Promise<Trace['entries']> => {
      const onProgress = (done: number) =>
        onEvent?.({ kind: 'floor', phase: 'answers', done: before + done, of: texts.length });
      const entries = await kept.to(some, { onProgress, signal });
      return entries.map((entry) => ({ ...entry, label: argmax(entry.logits.at(-1)!) }));
    };
    const taught = await answered(learned, 0);
    const traced = async (rows: Dataset) => withoutFloor(await runTrace(pyramid, rows));
    // calibration rows choose nothing: without validation rows floor 0 is judged by them, and its sum is as it was
    const rows = validation ?? calibration;
    const judges = rows && (await traced(rows));
    const network: Trace = judges ?? {
      ...{ shape: pyramid.shape, labels, headKind: pyramid.headKind, pairs, dtype: pyramid.dtype },
      entries: await answered(held, learned.length),
    };
    const judged = rows?.examples ?? held;
    const floor = await learnFloor({
      train: train ?? { name: 'none', labels, pairs, examples: [] },
      validation: {
        name: 'judged',
        labels,
        pairs,
        examples: judged.map((one, i) => ({ ...one, label: network.entries[i].label })),
      },
      unlabelled: {
        examples: learned,
        scores: Float32Array.from(taught.flatMap(({ logits }) => softmax(logits.at(-1)!))),
      },
      tokenizer,
      vocabularySize: config.vocabularySize,
      classWeights: weights ?? labels.map(() => 1),
      network,
      // answers that nobody has checked say nothing of what is better than the network
      sum: validation ? 'chosen' : (info.floor?.sum ?? PLAIN_SUM),
      seed,
      onEvent,
      signal,
    });
    const untempered = traceWithFloor(network, floor, await floor.logits(judged));
    // answers that nobody has checked, and rows that certify, do not say how sure to be: the exits then keep what they have
    const temperatures = validation ? fitTemperatures(untempered) : (info.exitTemperatures ?? null);
    const summed = withTemperatures(untempered, temperatures);
    const certifying =
      validation && calibration
        ? withTemperatures(
            traceWithFloor(await traced(calibration), floor, await floor.logits(calibration.examples)),
            temperatures,
          )
        : null;
    const trace = holds ? answeredByEnd(summed) : (certifying ?? summed);
    const found = holds
      ? certifiedOr(trace, { risk: 'disagreement', most: maxDisagreement, confidence, seed })
      : calibration
        ? certifiedOr(trace, { risk: 'net-drop', most: maxDrop, confidence, seed })
        : chosen(trace, maxDrop, null);
    const { accuracy, exitsAtFloor } = judge(trace, found.tau);
    const refitted: Refitted = {
      out: out ?? model,
      ...{ texts: learned.length, rows: floor.facts.rows, sum: floor.facts.sum },
      ...{ by: calibration ? 'calibration' : validation ? 'validation' : 'held back', judged: trace.entries.length },
      ...found,
      right: accuracy,
      atFloor: exitsAtFloor! / trace.entries.length,
      seconds: (performance.now() - started) / 1000,
    };
    signal?.throwIfAborted();
    const sets = {
      train: given.files?.train ?? train?.name ?? null,
      validation: given.files?.validation ?? validation?.name ?? null,
    };
    const files: RefitFiles = { unlabelled: given.unlabelled, ...sets, text, pair, delimiter };
    await writeRefitted(model, info, { ...floor, temperatures }, refitted, files);
    await kept.remove();
    return refitted;
  } finally {
    await pyramid.close();
  }
}

function checkModel(model: string, layers: number, problemType: string): void {
  const fault = (what: string, todo: string) => new PyramidError('MP_USAGE', { what: `${model} ${what}`, todo });
  if (layers === 0) throw fault('has no network to answer the texts', 'train it anew with --method linear');
  if (problemType !== 'single_label_classification')
    throw fault(`is a ${problemType} model, and only models that give a text one label are refitted`, 'train it anew');
}

/** A tenth, by the seed, and the others; more than a tenth where `fewest`, the least that can certify, asks for it. */
function heldBack(texts: readonly Text[], fewest: number, seed: number, model: string): [Text[], Text[]] {
  if (texts.length < 2 * HELD_BACK)
    throw new PyramidError('MP_USAGE', {
      what: `${texts.length} texts are too few to refit ${model} and to hold back a tenth for its tau`,
      todo: `give ${2 * HELD_BACK} or more, or --validation with labelled rows`,
    });
  const order = randomStream(seed, 'refit').shuffle([...texts.keys()]);
  const most = Math.min(TO_CERTIFY, Math.floor(texts.length / MOST_HELD_BACK));
  const tenth = Math.floor(texts.length / HELD_BACK);
  const held = new Set(order.slice(0, most >= fewest ? Math.max(tenth, most) : tenth));
  return [texts.filter((_, i) => held.has(i)), texts.filter((_, i) => !held.has(i))];
}

const withoutFloor = ({ floor: _, entries, ...rest }: Trace): Trace => ({
  ...rest,
  entries: entries.map(({ floor: _, ...entry }) => entry),
});

/** With the answer of the model run to the end, floor 0 in it, for the label: accuracy is then agreement with it. */
const answeredByEnd = (trace: Trace): Trace => ({
  ...trace,
  entries: trace.entries.map((entry) => {
    const { layers } = exitLogits(entry.logits, entry.floor ?? null, trace.floor ?? null);
    return { ...entry, label: argmax(layers.at(-1)!) };
  }),
});

/** What training and `evaluate` leave beside a model, made with the floor 0 of then. */
const OF_EARLIER_FLOOR = ['trace.jsonl', 'trace.jsonl.meta.json', 'report.json', 'report.html'];

async function writeRefitted(
  model: string,
  own: PyramidInfo,
  { parts, facts, temperatures }: Pick<LearnedFloor, 'parts' | 'facts'> & { temperatures: readonly number[] | null },
  { out, tau, tauFrom, certificate, rowsNeeded, by, judged, right, atFloor }: Refitted,
  files: RefitFiles,
): Promise<void> {
  // what was found with another floor 0 holds no longer
  const { forDtype: _, exitTemperatures: __, ...rest } = withoutDial(own);
  const floor = { floor: parts.info, ...(temperatures && { exitTemperatures: temperatures }) };
  // void with another floor 0, which is said when the model is loaded
  const { abstention } = own;
  const info: PyramidInfo = {
    ...rest,
    ...floor,
    format: formatOf(floor),
    tau,
    tauFrom,
    ...(abstention && { abstention }),
  };
  const now = certificate && { ...(await readModelFolder(model)), info, floor: parts };
  const pyramid: PyramidInfo = {
    ...info,
    ...(now && { certificate: { ...certificate, settings: settingsOf(now, dtypeOf(info)) } }),
  };
  await copyFolder(model, out, async (copy) => {
    const edit = async (name: string, change: (text: string) => string) => {
      const text = await readFile(join(copy, name), 'utf8').catch(() => null);
      if (text !== null) await writeFile(join(copy, name), change(text));
    };
    const changed = (text: string, more: object) => json({ ...(JSON.parse(text) as object), ...more });
    await writeFile(join(copy, FLOOR_FILE), floorFile(parts));
    // they are of the floor 0 before: a curve of what is no longer there would be worse than none
    for (const name of OF_EARLIER_FLOOR) await rm(join(copy, name), { force: true });
    await edit('config.json', (text) => changed(text, { pyramid }));
    const refit = { files, floor: facts, ...{ tau, tauFrom, certificate, rowsNeeded }, by, judged, right, atFloor };
    await edit('training.json', (text) => changed(text, { refit }));
    await edit('README.md', (text) =>
      withDialSection(
        `${text.split(REFITTED)[0].trimEnd()}\n\n${cardSection(facts)}`,
        withoutAbstention(pyramid) as PyramidInfo,
      ),
    );
  });
}

const REFITTED = '## Floor 0, refitted';

const cardSection = ({ rows, unlabelled, strength, sum }: LearnedFloor['facts']): string =>
  `${REFITTED}

After training, floor 0 was made anew from ${unlabelled} texts without labels, as the network answers them${rows === 0 ? '' : `, and ${rows} labelled rows`} (strength ${strength}, w = ${sum.weight}, k = ${sum.priorShare}), and tau was found anew: what stands above of floor 0 and of figures at tau is of the model before. Other programs see the network alone.
`;
