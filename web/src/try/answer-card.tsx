/** The answer at the dial's tau, and what it cost. */
import type { AnswerAt, EngineInfo } from '../../../src/web/page-engine.ts';
import { exitName, milliseconds, operations, percent, sureness, tauText, times } from '../format.ts';
import type { Timing } from './asking.ts';

interface Properties {
  readonly answer: AnswerAt;
  readonly info: EngineInfo;
  readonly timing: Timing | null;
  readonly waiting: boolean;
  readonly truncated: boolean;
  /** What the row itself says, of an example. */
  readonly truth: string | null;
}

export function AnswerCard({ answer, info, timing, waiting, truncated, truth }: Properties) {
  const { label, score, unsure, labels, exit, flops, denseFlops } = answer;
  const isNumber = info.problemType === 'regression';
  const layers = info.shape.layers;
  return (
    <dl class={`card answer${waiting ? ' waiting' : ''}`} aria-live="polite" aria-busy={waiting}>
      <div>
        <dt>Answer</dt>
        <dd class="label">
          {isNumber
            ? score.toFixed(3)
            : labels && !unsure
              ? labels.join(', ') || 'no label'
              : unsure
                ? 'unsure'
                : label}
          <small>
            {isNumber
              ? label
              : labels && !unsure
                ? `likeliest: ${label}, ${percent(score)}`
                : `${sureness(score)} ${unsure ? `for ${label}` : 'sure'}`}
            {truncated && `, truncated to ${info.maxLength} tokens`}
          </small>
          {truth !== null && !waiting && (
            <small class="truth">
              true label: <b>{truth}</b>
            </small>
          )}
        </dd>
      </div>
      <div>
        <dt>Exits at</dt>
        <dd>
          {exitName(exit)}
          <small>
            {layers === 0
              ? 'the words alone, there is no network'
              : exit === 0
                ? `before the network, ${layers} layers not needed`
                : `of ${layers}${exit < layers ? `, ${layers - exit} not needed` : ''}`}
          </small>
        </dd>
      </div>
      <div>
        <dt>Operations</dt>
        <dd>
          {operations(flops)}
          <small>
            {layers === 0
              ? 'of floor 0'
              : `${times(denseFlops / flops)} fewer than the dense ${operations(denseFlops)}`}
          </small>
        </dd>
      </div>
      <div>
        <dt>Time</dt>
        <dd>
          {timing ? milliseconds(timing.ms) : '–'}
          <small>
            {timing && `at tau ${tauText(timing.tau)}, `}
            {info.device === 'server' ? 'request and answer' : 'in this browser'}
          </small>
        </dd>
      </div>
    </dl>
  );
}
