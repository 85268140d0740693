/** Which method runs which stages: table 4 of the paper, as data. Stages of one name and one depth can be shared. */
import type { MethodName, TrainOptions } from './options/defaults.ts';

export type StageName = 'regular' | 'soft' | 'hard' | 'heads';

export interface Method {
  /** In the order they run. */
  readonly stages: readonly StageName[];
  /** A student of half the depth: every other layer of the model it starts from. */
  readonly student: boolean;
  readonly prunes: boolean;
  readonly exits: boolean;
}

export const methods: { readonly [M in MethodName]: Method } = {
  bert: { stages: ['regular'], student: false, prunes: false, exits: false },
  distilbert: { stages: ['regular'], student: true, prunes: false, exits: false },
  ltp: { stages: ['regular', 'soft', 'hard'], student: false, prunes: true, exits: false },
  fastbert: { stages: ['regular', 'heads'], student: false, prunes: false, exits: true },
  mp: { stages: ['regular', 'soft', 'hard', 'heads'], student: false, prunes: true, exits: true },
};

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
