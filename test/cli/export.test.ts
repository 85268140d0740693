import { describe, expect, it } from 'vitest';
import { PyramidError } from '../../src/errors.ts';
import type { ExportOptions } from '../../src/export/export-model.ts';
import { cli } from './fake.ts';

const given = ['export', '--model', 'runs/mails', '--out', 'mails.onnx'];

describe('export', () => {
  it.each<[string, string[], Partial<ExportOptions>, string]>([
    ['leaves tau an input', [], {}, 'mails.onnx: 12.3 MB, fp32, tau is an input\n'],
    ['builds a tau in', ['--tau', '0.2'], { tau: 0.2 }, 'mails.onnx: 12.3 MB, fp32, tau 0.2 built in\n'],
    ['builds off in', ['--tau', 'off'], { tau: null }, 'mails.onnx: 12.3 MB, fp32, tau off built in\n'],
    ['takes a dtype', ['--dtype', 'int8'], { dtype: 'int8' }, 'mails.onnx: 12.3 MB, int8, tau is an input\n'],
  ])('%s and says so', async (_, flags, asked, sentence) => {
    const calls: ExportOptions[] = [];
    const { code, stdout } = await cli([...given, ...flags], {
      async exportOnnx(options) {
        calls.push(options);
        return { out: options.out, bytes: 12.3e6, dtype: options.dtype ?? 'fp32', tau: options.tau };
      },
    });
    expect([code, stdout]).toEqual([0, sentence]);
    expect(calls).toEqual([{ model: 'runs/mails', out: 'mails.onnx', ...asked }]);
  });

  it('prints one JSON object where it is asked for', async () => {
    const { stdout } = await cli([...given, '--json'], {
      exportOnnx: async ({ out }) => ({ out, bytes: 5, dtype: 'fp32' }),
    });
    expect(JSON.parse(stdout)).toEqual({ out: 'mails.onnx', bytes: 5, dtype: 'fp32' });
  });

  it.each([
    [0.2, 'mails.onnx: onnx/model.onnx with tau 0.3 built in, onnx/model_quantized.onnx with tau 0.2\n'],
    [
      null,
      'mails.onnx: onnx/model.onnx with tau 0.3 built in, onnx/model_quantized.onnx with tau off; no tau was chosen for int8: choose one (magic-pyramid calibrate --dtype int8), or give --tau\n',
    ],
  ])('writes a folder for transformers.js and says which tau is in its files (int8 %j)', async (int8, sentence) => {
    const calls: ExportOptions[] = [];
    const { stdout } = await cli([...given, '--to', 'transformers.js'], {
      async exportTransformersJs(options) {
        calls.push(options);
        return { out: options.out, taus: { fp32: 0.3, int8 } };
      },
    });
    expect(stdout).toBe(sentence);
    expect(calls).toEqual([{ model: 'runs/mails', out: 'mails.onnx' }]);
  });

  it.each([
    [['export', '--out', 'a.onnx'], 'error: --model is missing; give a model folder\n'],
    [['export', '--model', 'a'], 'error: --out is missing; name what to write\n'],
    [
      [...given, '--to', 'transformers.js', '--dtype', 'int8'],
      'error: --dtype was given, and a folder for transformers.js has both; leave it out\n',
    ],
    [[...given, '--tau', '2'], 'error: --tau is "2": give a number from 0 to 1, or off\n'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await cli(args, {
      exportOnnx: async () => {
        throw new PyramidError('MP_CLOSED', { what: 'test' });
      },
    });
    expect([code, stderr]).toEqual([2, message]);
  });
});
