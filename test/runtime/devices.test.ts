import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diskFolder } from '../../src/disk-folder.ts';
import { BrowserPyramid } from '../../src/engine/browser/index.ts';
import { Pyramid } from '../../src/engine/index.ts';
import { loadModel } from '../../src/engine/workers/serve-texts.ts';
import { BROWSER_DEVICES, devices, NODE_DEVICES, TRAINING_DEVICES } from '../../src/runtime/devices.ts';
import { trainingDevice } from '../../src/train/device.ts';
import { compile } from '../support/cpu.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const model = (name: string) => randomModel(join(root, name), 'mp', { seed: 1, kind: 'cls', prunes: true, tau: 0.5 });

test('every device runs in Node or in a browser, and what trains runs in Node', () => {
  expect([...new Set([...NODE_DEVICES, ...BROWSER_DEVICES])].sort()).toEqual(Object.keys(devices).sort());
  expect(NODE_DEVICES).toEqual(expect.arrayContaining([...TRAINING_DEVICES]));
  for (const name of TRAINING_DEVICES) expect(trainingDevice(name).name).toBe(name);
});

test('a device that does not run in this process is refused with those that do', async () => {
  const { dir } = await model('elsewhere');
  for (const device of ['webgpu', 'abacus'] as never[]) {
    await expect(Pyramid.load(dir, { device })).rejects.toMatchObject({
      code: 'MP_OPTION_VALUE',
      details: { option: 'device', expected: NODE_DEVICES.join(' or ') },
    });
  }
  const options = { threads: 1, dtype: null, onFetched: () => {} };
  await expect(BrowserPyramid.load('here', { ...options, device: 'cpu' as never })).rejects.toMatchObject({
    code: 'MP_OPTION_VALUE',
    details: { option: 'device', expected: BROWSER_DEVICES.join(' or ') },
  });
});

test('int8 is refused on a device without integer products, whoever wants it', async () => {
  const { dir } = await model('no-int8');
  const spec = { ...devices.cpu, int8: false };
  const refusal = { code: 'MP_OPTION_VALUE', details: { option: 'dtype', value: 'int8' } };
  await expect(loadModel(diskFolder(dir), 'int8', { spec, compile })).rejects.toMatchObject(refusal);
  const { programs, dtype } = await loadModel(diskFolder(dir), null, { spec, compile });
  expect(dtype).toBe('fp32');
  await programs.close();
});
