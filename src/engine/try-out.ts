/**
 * Runs a first text through a model that was just loaded and asks every exit head. So parts of a folder that do not fit
 * together fail here rather than at each request. Costs one pass over a handful of tokens.
 */
import { PyramidError } from '../errors.ts';
import { Scheduler } from './scheduler.ts';
import { takeIn } from './take-in.ts';
import type { LoadedModel } from './workers/serve-texts.ts';

/** Unlike pieces: letters, digits, signs and what hardly any vocabulary has. */
const TEXT = 'A first text, of 7 words or more: \u00e4 \u4e2d \ud83d\ude00.';

/** The model as it was given. `path` is its folder, for messages. Throws MP_MODEL_LOGITS, MP_MODEL_FILE. */
export async function tryOut(loaded: LoadedModel, path: string): Promise<LoadedModel> {
  const { programs, info } = loaded;
  let failure: unknown = null;
  try {
    const text = { text: TEXT, pair: info.pairs ? TEXT : undefined };
    const { jobs } = takeIn(loaded, 0, text, { tau: null, trace: true });
    const scheduler = new Scheduler(loaded, programs, {
      admit: () => false,
      done: () => {},
      failed: (_, error) => {
        failure = error;
      },
    });
    scheduler.add(jobs);
    await scheduler.wake();
  } catch (error) {
    failure = error;
  }
  if (failure === null) return loaded;
  await programs.close();
  if (failure instanceof PyramidError) throw failure;
  throw new PyramidError(
    'MP_MODEL_FILE',
    {
      path,
      problem: `the model fails on a first text (${(failure as Error).message})`,
      todo: 'use a tokenizer and weights that belong together',
    },
    { cause: failure },
  );
}
