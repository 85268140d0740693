/**
 * The network as a teacher: it answers texts without labels, run to the end and without floor 0 (else floor 0 would teach
 * itself). In chunks, so that a run that is stopped has those that are done.
 */
import { createHash } from 'node:crypto';
import { softmax } from '../../pyramid/logits.ts';
import type { Compile } from '../../runtime/runtime.ts';
import type { Tokenizer } from '../../text/index.ts';
import type { StoredAnswers } from '../checkpoint/stored-answers.ts';
import type { OnFloorEvent } from '../floor/index.ts';
import type { ModelState } from '../state.ts';
import { Tracer } from '../trace/tracer.ts';
import type { Text } from './unlabelled-texts.ts';

export interface Answering {
  readonly tokenizer: Pick<Tokenizer, 'encode'>;
  readonly maxLength: number;
  readonly prunes: boolean;
  readonly compile: Compile;
  /** Where answers are kept between sittings; null: nowhere. */
  readonly stored: StoredAnswers | null;
  readonly onEvent?: OnFloorEvent;
  readonly signal?: AbortSignal;
}

const CHUNK = 2048;

/** softmax(z_L), [n, C]. Rejects with the signal's reason if that is aborted; whole chunks are kept. */
export async function answerTexts(state: ModelState, texts: readonly Text[], how: Answering): Promise<Float32Array> {
  const { tokenizer, maxLength, prunes, compile, stored, onEvent, signal } = how;
  const labels = state.config.labels.length;
  const scores = new Float32Array(texts.length * labels);
  const network = stored && digestOf(state, { maxLength, prunes });
  let tracer: Tracer | null = null;
  try {
    for (let chunk = 0; chunk * CHUNK < texts.length; chunk++) {
      const from = chunk * CHUNK;
      const some = texts.slice(from, from + CHUNK);
      const shape = [some.length, labels];
      const key = network && createHash('sha256').update(network).update(JSON.stringify(some)).digest('hex');
      let answers = await stored?.get(chunk, key!, shape);
      if (!answers) {
        signal?.throwIfAborted();
        tracer ??= await Tracer.create(state, prunes ? 'hard' : 'none', compile);
        const encodings = some.map(({ text, pair }) => tokenizer.encode(text, pair, maxLength));
        const lengths = Int32Array.from(encodings, ({ ids }) => ids.length);
        let done = from;
        const traced = await tracer.trace({ encodings, lengths, labels: [], truncated: 0 }, (more) => {
          signal?.throwIfAborted();
          done += more;
          onEvent?.({ kind: 'floor', phase: 'answers', done, of: texts.length });
        });
        answers = Float32Array.from(traced.flatMap(({ logits }) => softmax(logits.at(-1)!)));
        await stored?.set(chunk, key!, shape, answers);
      }
      scores.set(answers, from * labels);
      onEvent?.({ kind: 'floor', phase: 'answers', done: from + some.length, of: texts.length });
    }
    return scores;
  } finally {
    await tracer?.close();
  }
}

/** What the answers hang on beside the texts. */
function digestOf({ parameters, thresholds }: ModelState, settings: object): Uint8Array {
  const digest = createHash('sha256').update(JSON.stringify(settings));
  const add = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    digest.update(new Uint8Array(buffer, byteOffset, byteLength));
  for (const { data } of parameters.values()) add(data);
  if (thresholds) add(thresholds);
  return digest.digest();
}
