/** Try: a text, and the pyramid it makes. */
import { useSignal } from '@preact/signals';
import { useEffect, useId, useMemo } from 'preact/hooks';
import { answerAt } from '../../../src/web/answer-at.ts';
import type { Session } from '../session.ts';
import { Dial } from '../shell/dial.tsx';
import { AnswerCard } from './answer-card.tsx';
import { asAnswerAt } from './as-answer-at.ts';
import { asking } from './asking.ts';
import { type ExampleText, examplesFor } from './examples.ts';
import { type Chosen, Inspector } from './inspector.tsx';
import { PyramidView } from './pyramid-view.tsx';

export function TryPart({ session }: { readonly session: Session }) {
  const { info } = session.engine;
  const examples = examplesFor(info);
  const text = useSignal(examples[0].text);
  const pair = useSignal(examples[0].pair ?? '');
  const chosen = useSignal<Chosen | null>(null);
  const question = useMemo(() => asking(session), [session]);
  const id = useId();

  const ask = (now: boolean) => {
    chosen.value = null;
    const input = info.pairs ? { text: text.value, pair: pair.value } : text.value;
    question.ask(text.value.trim() === '' ? null : input, now);
  };
  const take = (example: ExampleText) => {
    text.value = example.text;
    pair.value = example.pair ?? '';
    ask(true);
  };
  useEffect(() => {
    ask(true);
    return question.stop;
  }, [question]);

  const explanation = question.explanation.value;
  const preview = question.preview.value;
  const answer = explanation ? answerAt(explanation, info, session.tau.value) : preview && asAnswerAt(preview, info);
  return (
    <div class="panel">
      <div class="ask">
        <div class={info.pairs ? 'pair' : undefined}>
          <label class="hidden" for={`${id}text`}>
            {info.pairs ? 'First text' : 'Text to classify'}
          </label>
          <textarea
            id={`${id}text`}
            class="field"
            rows={3}
            spellcheck={false}
            placeholder="Type or paste a text"
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value;
              ask(false);
            }}
          />
          {info.pairs && (
            <>
              <label class="hidden" for={`${id}pair`}>
                Second text
              </label>
              <textarea
                id={`${id}pair`}
                class="field"
                rows={3}
                spellcheck={false}
                placeholder="Type or paste the second text"
                value={pair.value}
                onInput={(event) => {
                  pair.value = event.currentTarget.value;
                  ask(false);
                }}
              />
            </>
          )}
        </div>
        <ul class="examples" aria-label="Example texts">
          {examples.map((example) => (
            <li key={example.name}>
              <button type="button" onClick={() => take(example)}>
                {example.name}
              </button>
            </li>
          ))}
        </ul>
      </div>
      <Dial session={session} onSettled={question.time} />
      {question.failure.value !== null && (
        <p class="notice failed" role="alert">
          {question.failure.value}
        </p>
      )}
      {answer && (
        <AnswerCard
          answer={answer}
          info={info}
          timing={question.timing.value}
          waiting={question.waiting.value}
          truncated={(explanation ?? preview)?.truncated ?? false}
        />
      )}
      {explanation && answer ? (
        <>
          <h2 class="hidden">The pyramid</h2>
          <div class="story">
            <PyramidView
              explanation={explanation}
              info={info}
              tau={session.tau.value}
              exit={answer.exit}
              label={answer.label}
              chosen={chosen}
            />
            <Inspector
              explanation={explanation}
              info={info}
              tau={session.tau.value}
              exit={answer.exit}
              label={answer.label}
              chosen={chosen.value}
            />
          </div>
        </>
      ) : (
        question.failure.value === null && (
          <p class="lead">{question.waiting.value ? 'Reading …' : 'Type a text to see its pyramid.'}</p>
        )
      )}
    </div>
  );
}
