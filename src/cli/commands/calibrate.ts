/**
 * `calibrate`: finds a model's own tau for what may be lost or for a speed-up, and writes it into the model folder: chosen on
 * validation rows, or certified on rows that trained and chose nothing. Which of these is asked for is found here;
 * src/cli/calibrate has them.
 */
import { PyramidError } from '../../errors.ts';
import { answerAlways, certifyAbstaining } from '../calibrate/abstain.ts';
import { type CalibrateOptions, calibrateTable } from '../calibrate/calibrate-options.ts';
import { certifyTau } from '../calibrate/certify-tau.ts';
import { chooseTau } from '../calibrate/choose.ts';
import { certifyWithLabels, writeTextsToLabel } from '../calibrate/few-labels.ts';
import { type Command, flagOf } from '../command.ts';

export const calibrate: Command<CalibrateOptions> = {
  name: 'calibrate',
  summary:
    "Certify or choose a model's default tau, for what may be lost or for a speed-up, or when it is unsure, and store it with the model",
  operands: null,
  options: calibrateTable,
  examples: [
    {
      line: 'magic-pyramid calibrate --model runs/mails --max-drop 0.01 --confidence 0.95 --calibration fresh.csv',
      what: 'certified: at most a point lost, on rows that trained and chose nothing',
    },
    { line: 'magic-pyramid calibrate --model runs/mails --max-drop 0.005', what: 'chosen on the validation rows' },
    {
      line: 'magic-pyramid calibrate --model runs/mails --min-speedup 4 --calibration fresh.csv',
      what: 'four times faster, at the least risk that can be certified',
    },
    {
      line: 'magic-pyramid calibrate --model runs/mails --max-drop 0.01 --unlabelled traffic.jsonl --out to-label.csv',
      what: 'writes the texts worth labelling',
    },
    {
      line: 'magic-pyramid calibrate --model runs/mails --labels to-label.csv',
      what: 'reads them back, labelled, and certifies',
    },
    {
      line: 'magic-pyramid calibrate --model runs/mails --abstain 0.97 --calibration others.csv',
      what: '"unsure" where it has to be, so that 97 % of the answers are right',
    },
    {
      line: 'magic-pyramid calibrate --model runs/mails --max-drop 0.005 --plan-peeks',
      what: 'use only the exit heads that save time on this machine',
    },
  ],
  async run(call) {
    const { options } = call;
    const { model, maxDrop, minSpeedup, calibration, trace, labels, unlabelled } = options;
    if (model === '') throw usage('--model is missing', 'give a model folder');
    if (labels !== null) {
      refuse(
        call,
        'labels',
        Object.keys(calibrateTable).filter((key) => !WITH_LABELS.includes(key)),
      );
      return certifyWithLabels(call);
    }
    if (unlabelled.length > 0) {
      refuse(call, 'unlabelled', [
        'calibration',
        'validation',
        'trace',
        'label',
        'reference',
        'planPeeks',
        'minSpeedup',
        'by',
      ]);
      if (maxDrop === null) throw usage('--max-drop is missing', 'give what may be lost, such as 0.01 for one point');
      needShare(maxDrop);
      return writeTextsToLabel(call);
    }
    for (const key of ['labelBudget', 'out'] as const)
      if (options[key] !== null) throw usage(`${flagOf(key)} was given without texts`, 'add --unlabelled with a file');
    if (options.abstain !== null) {
      refuse(call, 'abstain', NOT_WITH_ABSTAIN);
      if (options.abstain === 0) return answerAlways(call);
      if ((calibration === null) === (trace === null))
        throw calibration === null
          ? usage(
              `${flagOf('abstain')} was given without rows`,
              `give labelled rows that trained and chose nothing, its tau neither, with ${flagOf('calibration')}`,
            )
          : usage('both --calibration and --trace were given', 'leave one of them out');
      if (trace !== null) refuse(call, 'trace', ['text', 'pair', 'label', 'delimiter']);
      return certifyAbstaining(call);
    }
    if ((maxDrop === null) === (minSpeedup === null))
      throw maxDrop === null
        ? usage('neither --max-drop nor --min-speedup was given', 'give one of them')
        : usage('both --max-drop and --min-speedup were given', 'leave one of them out');
    if (calibration !== null && trace !== null)
      throw usage('both --calibration and --trace were given', 'leave one of them out');
    if (trace !== null) refuse(call, 'trace', ['text', 'pair', 'label', 'delimiter']);
    const promises = PROMISES.filter((key) => key in call.given);
    if (calibration === null && (trace === null || promises.length === 0)) {
      refuseUncertified(promises);
      return chooseTau(call);
    }
    if (maxDrop !== null) needShare(maxDrop);
    if (!options.planPeeks) {
      const beside = calibration === null ? 'trace' : 'calibration';
      refuse(call, beside, ['validation']);
      // what is certified for a drop is the fastest setting, however operations are counted
      if (maxDrop !== null) refuse(call, beside, ['by']);
      if (calibration !== null && options.risk === 'disagreement') refuse(call, 'risk', ['label']);
    }
    return certifyTau(call);
  },
};

const usage = (what: string, todo: string) => new PyramidError('MP_USAGE', { what, todo });

/** Options that ask for a certificate. */
const PROMISES = ['confidence', 'risk', 'reference'] as const satisfies readonly (keyof CalibrateOptions)[];
/** They are about tau, which stays as it is. */
const NOT_WITH_ABSTAIN = [
  'maxDrop',
  'minSpeedup',
  'by',
  'risk',
  'reference',
  'planPeeks',
  'validation',
  'unlabelled',
] as const satisfies readonly (keyof CalibrateOptions)[];
const WITH_LABELS: readonly string[] = ['model', 'labels', 'json'] satisfies readonly (keyof CalibrateOptions)[];

/** Throws MP_USAGE before anything is run for what nothing can be certified at. */
function needShare(maxDrop: number): void {
  if (!(maxDrop > 0 && maxDrop < 1))
    throw usage(
      `${flagOf('maxDrop')} is ${maxDrop}, and nothing can be certified at that`,
      'give a fraction above 0 and below 1',
    );
}

/** Throws MP_USAGE for a flag that has no use beside another. */
function refuse({ given }: { readonly given: object }, beside: string, keys: readonly string[]): void {
  const odd = keys.find((key) => key in given);
  if (odd !== undefined) throw usage(`${flagOf(odd)} has no use beside ${flagOf(beside)}`, 'leave one of the two out');
}

/** What is about a certificate needs rows for one: those that trained or chose something show less loss than new texts will. */
function refuseUncertified([odd]: readonly string[]): void {
  if (odd !== undefined)
    throw usage(
      `${flagOf(odd)} asks for a certificate, and the validation rows had a part in making the model: they cannot certify it`,
      `give rows that trained and chose nothing with ${flagOf('calibration')}`,
    );
}
