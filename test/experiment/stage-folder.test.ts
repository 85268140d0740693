import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { retainStages, StageFolder } from '../../src/experiment/stage-folder.ts';
import type { Progress } from '../../src/train/checkpoint/run-checkpoint.ts';
import { addHeads } from '../../src/train/start/exit-heads.ts';
import { scratchDataset, tinyOptions, tinyStart } from '../support/scratch-data.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const settings = { learningRate: '0.002' };
const progress: Progress = { position: { stage: 1, epoch: 2, batch: 0 }, lossSum: 0, seconds: 7, history: [] };

async function result() {
  const { state } = await tinyStart(scratchDataset({ rows: 20 }), tinyOptions());
  addHeads(state, 'pooled', true, 4);
  state.thresholds = Float32Array.of(0.1, 0.25, 0.3);
  // an order that no sorting gives
  const parameters = new Map([...state.parameters].reverse());
  return { state: { ...state, parameters }, progress };
}

describe('shared stages on disk', () => {
  it('come back as they were, to the bit and in their order, for the same settings alone', async () => {
    const dir = join(folder, 'back');
    const put = await result();
    const stages = new StageFolder(dir, put.state.config, { settings, later: ['regular, soft'] });
    await stages.set('regular, soft', put);
    const got = (await stages.get('regular, soft'))!;
    expect(got).toEqual(put);
    expect([...got.state.parameters.keys()]).toEqual([...put.state.parameters.keys()]);
    expect([...got.state.heads.keys()]).toEqual([...put.state.heads.keys()]);
    expect(await stages.get('regular')).toBeUndefined();
    const others = new StageFolder(dir, put.state.config, { settings: { learningRate: '0.001' }, later: [] });
    expect(await others.get('regular, soft')).toBeUndefined();
  });

  it('are kept for as long as a run needs them, and what a killed write left goes', async () => {
    const dir = join(folder, 'kept');
    const put = await result();
    const stages = new StageFolder(dir, put.state.config, { settings, later: ['a', 'b'] });
    for (const path of ['a', 'b', 'nobody needs it']) await stages.set(path, put);
    expect(readdirSync(dir)).toHaveLength(2);
    writeFileSync(join(dir, 'half.safetensors.writing'), 'half');
    await retainStages(dir, ['b']);
    expect(readdirSync(dir)).toHaveLength(1);
    expect(await stages.get('b')).toBeDefined();
    await retainStages(dir, []);
    expect(() => readdirSync(dir)).toThrow(/ENOENT/);
  });
});
