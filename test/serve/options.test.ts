/** What startServer says of options that it cannot use, before it loads anything. */
import { expect, test } from 'vitest';
import { type StartOptions, startServer } from '../../src/serve/index.ts';

const model = [{ name: 'mails', dir: './nowhere/at/all' }];

test.each([
  [{ prot: 80 }, 'MP_OPTION_UNKNOWN', 'did you mean "port"?'],
  [{ maxtau: 0.5 }, 'MP_OPTION_UNKNOWN', 'did you mean "maxTau"?'],
  [{ toString: 1 }, 'MP_OPTION_UNKNOWN', 'there is no option "toString"'],
  [{ port: -1 }, 'MP_OPTION_VALUE', 'port is "-1"'],
  [{ tau: 7 }, 'MP_OPTION_VALUE', 'tau is "7"'],
  [{ shutdownTimeout: 'soon' }, 'MP_OPTION_VALUE', 'shutdownTimeout is "soon"'],
  [{ model: 7 }, 'MP_OPTION_VALUE', 'model is "7"'],
  [{ model: [] }, 'MP_USAGE', '--model is missing'],
  [{ port: null, workers: undefined }, 'MP_FILE_MISSING', 'nowhere'],
])('startServer with %j', async (options, code, sentence) => {
  const call = startServer({ model, ...options } as unknown as StartOptions);
  await expect(call).rejects.toMatchObject({ code });
  await expect(call).rejects.toThrow(sentence);
});
