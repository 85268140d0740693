/** The runs of a small reproduction, to be done one by one. */
import { join } from 'node:path';
import { type ReproduceOptions, reproductionCampaign } from '../../src/experiment/reproduce/reproduce.ts';
import type { Campaign } from '../../src/experiment/unit.ts';
import { tinyTraining } from './scratch-tasks.ts';

/** `root` has the data, in `data`. */
export const tinyCampaign = (root: string, out: string, options: Partial<ReproduceOptions> = {}): Campaign =>
  reproductionCampaign({
    tasks: ['mrpc'],
    methods: ['bert', 'ltp', 'mp'],
    out: join(root, out),
    limit: null,
    testLimit: null,
    seeds: 1,
    seed: 0,
    maxDrop: 0.1,
    by: 'actual',
    confidence: 0.95,
    distilbertModel: null,
    resume: true,
    training: { ...tinyTraining, dataDir: join(root, 'data') },
    ...options,
  });
