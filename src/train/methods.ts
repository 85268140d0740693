/**
 * Which method runs which stages: table 4 of the paper, and `linear`, which has no network. Stages of one name and one
 * depth can be shared.
 */
import { PAPER_EXITS } from './options/choices.ts';
import type { MethodName, TrainOptions } from './options/defaults.ts';

/** A part of a run. */
export type StageName = 'regular' | 'soft' | 'hard' | 'heads';

/** What a method runs. */
export interface Method {
  /** In the order they run. */
  readonly stages: readonly StageName[];
  /** There is a network; without one floor 0 is all there is. */
  readonly network: boolean;
  /** A student of half the depth: every other layer of the model it starts from. */
  readonly student: boolean;
  /** It removes tokens. */
  readonly prunes: boolean;
  /** A text may leave before the last layer. */
  readonly exits: boolean;
  /** It may have a floor 0, an exit before the network (src/pyramid/floor). */
  readonly floor: boolean;
}

const PLAIN = { network: true, student: false, prunes: false, exits: false, floor: false } as const;

/** The methods by name. */
export const methods: { readonly [M in MethodName]: Method } = {
  bert: { ...PLAIN, stages: ['regular'] },
  distilbert: { ...PLAIN, stages: ['regular'], student: true },
  ltp: { ...PLAIN, stages: ['regular', 'soft', 'hard'], prunes: true },
  fastbert: { ...PLAIN, stages: ['regular', 'heads'], exits: true },
  mp: { ...PLAIN, stages: ['regular', 'soft', 'hard', 'heads'], prunes: true, exits: true, floor: true },
  linear: { ...PLAIN, stages: [], network: false, floor: true },
};

/** Whether a run trains a floor 0. */
export const hasFloor = ({ method, floor }: Pick<TrainOptions, 'method' | 'floor'>): boolean =>
  methods[method].floor && floor !== 'none';

/** Whether each exit gets a temperature: ours do. The paper's exits stay as they are there, and a network without exits has one answer. */
export const hasTemperatures = (
  options: Pick<TrainOptions, 'method' | 'floor' | 'exitHead' | 'exitTraining'>,
): boolean => methods[options.method].exits && !isPapers(options);

const isPapers = (options: Parameters<typeof hasTemperatures>[0]): boolean =>
  options.exitHead === PAPER_EXITS.exitHead && options.exitTraining === PAPER_EXITS.exitTraining && !hasFloor(options);

/** The stage from which exit heads learn with the network; null: they do not. */
export function headsJoin(
  name: MethodName,
  { exitTraining, jointFrom }: Pick<TrainOptions, 'exitTraining' | 'jointFrom'>,
): 'regular' | 'soft' | null {
  const { exits, prunes } = methods[name];
  if (!exits || exitTraining === 'frozen') return null;
  return prunes ? jointFrom : 'regular';
}

/**
 * The stages of a run. Heads that learn with the network from the soft stage on are fitted to the finished regular stage
 * first, for one epoch: random ones would pull at it, and ones that know the rows by heart would teach it nothing.
 */
export function stageList(name: MethodName, options: Parameters<typeof headsJoin>[1]): readonly StageName[] {
  const { stages } = methods[name];
  if (headsJoin(name, options) !== 'soft') return stages;
  return stages.flatMap((stage) => (stage === 'soft' ? ['heads', stage] : [stage]));
}
