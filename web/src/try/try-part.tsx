/** Try: a text, and the pyramid it makes. */
import { useSignal } from '@preact/signals';
import { useEffect, useId, useMemo, useRef } from 'preact/hooks';
import { mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import type { ModelExamples } from '../../../src/pyramid/folder/examples.ts';
import { answerAt } from '../../../src/web/answer-at.ts';
import type { Session } from '../session.ts';
import { Dial } from '../shell/dial.tsx';
import { AnswerCard } from './answer-card.tsx';
import { asAnswerAt } from './as-answer-at.ts';
import { asking } from './asking.ts';
import { type ExampleText, examplesFor, ownExamples } from './examples.ts';
import { type Chosen, Inspector } from './inspector.tsx';
import { PyramidView } from './pyramid-view.tsx';
import { turningPoints } from './turning-points.ts';

export function TryPart({ session }: { readonly session: Session }) {
  const { info } = session.engine;
  /** null: not known yet. */
  const examples = useSignal<readonly ExampleText[] | null>(null);
  const about = useSignal<string | null>(null);
  /** The example that is looked at, for as long as its text is not changed. */
  const taken = useSignal<ExampleText | null>(null);
  const text = useSignal('');
  const pair = useSignal('');
  const chosen = useSignal<Chosen | null>(null);
  const question = useMemo(() => asking(session), [session]);
  const id = useId();
  const story = useRef<HTMLDivElement>(null);
  /** The focus goes back to what opened the details: the pyramid's one stop of the Tab key. Going there chooses it, so that comes first. */
  const closeDetails = () => {
    story.current?.querySelector<HTMLElement>('.pyramid [data-cell][tabindex="0"]')?.focus();
    chosen.value = null;
  };

  const ask = (now: boolean) => {
    chosen.value = null;
    const input = info.pairs ? { text: text.value, pair: pair.value } : text.value;
    question.ask(text.value.trim() === '' ? null : input, now);
  };
  const take = (example: ExampleText) => {
    taken.value = example;
    text.value = example.text;
    pair.value = example.pair ?? '';
    ask(true);
  };
  const begin = (found: ModelExamples | null) => {
    const own = found ? ownExamples(found, info) : [];
    about.value = own.length > 0 ? (found?.about ?? null) : null; // it is about these
    examples.value = own.length > 0 ? own : examplesFor(info);
    // somebody may have typed by now
    if (text.value === '') take(examples.value[0]);
  };
  useEffect(() => {
    let gone = false;
    const show = (found: ModelExamples | null) => {
      if (!gone) begin(found);
    };
    // where they cannot be read, the page's own do
    session.engine.examples().then(show, () => show(null));
    return () => {
      gone = true;
      question.stop();
    };
  }, [question]);

  const explanation = question.explanation.value;
  const preview = question.preview.value;
  const answer = explanation ? answerAt(explanation, info, session.tau.value) : preview && asAnswerAt(preview, info);
  const marks = useMemo(() => (explanation && mayExit(info) ? turningPoints(explanation) : []), [explanation, info]);
  const details = explanation &&
    answer && {
      ...{ explanation, info, tau: session.tau.value, exit: answer.exit, label: answer.label },
    };
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
              taken.value = null;
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
                  taken.value = null;
                  ask(false);
                }}
              />
            </>
          )}
        </div>
        <ul class="examples" aria-label="Example texts">
          {(examples.value ?? []).map((example) => (
            <li key={example.name}>
              <button type="button" aria-pressed={taken.value === example} onClick={() => take(example)}>
                {example.name}
              </button>
            </li>
          ))}
        </ul>
        {about.value !== null && <p class="about">{about.value}</p>}
      </div>
      <Dial session={session} onSettled={question.time} marks={marks} />
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
          truth={taken.value?.label ?? null}
        />
      )}
      {details ? (
        <>
          <h2 class="hidden">The pyramid</h2>
          <div class="story" ref={story}>
            <PyramidView {...details} chosen={chosen} />
            <Inspector {...details} chosen={chosen.value} onClose={closeDetails} />
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
