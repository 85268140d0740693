/**
 * Our own engine as systems: at each tau, with exits off, and the dense model; each dtype is loaded once and runs all
 * its settings.
 */
import { type Answer, Pyramid } from '../engine/index.ts';
import type { Dtype } from '../pyramid/folder/model-folder.ts';
import { type Pass, type Setting, type System, timed } from './system.ts';

/** The name of ours as trained, and as the dense model. */
export const OWN = 'magic-pyramid';
export const OWN_DENSE = 'magic-pyramid dense';

export interface OwnOptions {
  /** Model folder. */
  readonly model: string;
  readonly dtypes: readonly Dtype[];
  /** Null: the model's own, and where it has none for a dtype, the one it has for another. */
  readonly taus: readonly (number | null)[] | null;
  /** The model folder's. */
  readonly ownTau: number | null;
  readonly workers: number;
  readonly threads: number;
}

/** In the order of the table: by dtype the taus, exits off, the dense model. Throws as `Pyramid.load`. */
export async function ownSystems(
  { model, dtypes, taus, ownTau, workers, threads }: OwnOptions,
  setting: Setting,
): Promise<System[]> {
  const systems: System[] = [];
  try {
    for (const dtype of dtypes) {
      const pyramid = await Pyramid.load(model, { dtype, workers, threads });
      if (pyramid.shape.layers === 0) {
        // floor 0 alone: no exit to choose, and nothing dense beside it
        for (const tau of taus ?? [null]) systems.push(system(OWN, pyramid, tau, setting));
        continue;
      }
      const known = pyramid.info.tau ?? ownTau;
      const settings = taus ?? (known === null ? [] : [known]);
      const isDense = pyramid.headKind === 'none' && !pyramid.info.prunes;
      for (const tau of new Set(isDense ? [] : [...settings, null])) systems.push(system(OWN, pyramid, tau, setting));
      const dense = isDense ? pyramid : await Pyramid.load(setting.dense, { dtype, workers, threads });
      systems.push(system(OWN_DENSE, dense, null, setting));
    }
    return systems;
  } catch (error) {
    await Promise.all(systems.map((one) => one.close()));
    throw error;
  }
}

function system(name: string, pyramid: Pyramid, tau: number | null, { texts, labels }: Setting): System {
  return {
    name,
    dtype: pyramid.dtype,
    tau,
    async pass() {
      const { ms, value } = await timed(() => pyramid.classify(texts, { tau }));
      return {
        seconds: ms / 1000,
        labels: value.map(({ label }) => labels.indexOf(label)),
        ...targetsOf(pyramid, value, labels),
        gflops: value.reduce((sum, { flops }) => sum + flops, 0) / value.length / 1e9,
      };
    },
    single: async (index) => (await timed(() => pyramid.classify(texts[index], { tau }))).ms,
    close: () => pyramid.close(),
  };
}

function targetsOf(
  { problemType }: Pyramid,
  answers: readonly Answer[],
  labels: readonly string[],
): Pick<Pass, 'targets'> {
  switch (problemType) {
    case 'single_label_classification':
      return {};
    case 'multi_label_classification': {
      const sets = answers.map(({ labels: own = [] }) => new Set(own));
      return { targets: { kind: 'sets', rows: sets.map((own) => labels.map((label) => Number(own.has(label)))) } };
    }
    case 'regression':
      return { targets: { kind: 'numbers', rows: answers.map(({ score }) => [score]) } };
    default:
      return problemType satisfies never;
  }
}
