/** Rows of a description list with a bar each. */
import { sideOf, signed } from './support.ts';

interface BarProperties {
  readonly name: string;
  /** 0 to 1. */
  readonly share: number;
  readonly value: string;
  readonly side?: string;
}

export function Bar({ name, share, value, side = '' }: BarProperties) {
  return (
    <>
      <dt title={name}>{name}</dt>
      <dd aria-hidden="true">
        <span class="bar-track">
          <span
            class={`bar-fill ${side}`}
            style={{ display: 'block', width: `${100 * Math.min(1, Math.max(0, share))}%` }}
          />
        </span>
      </dd>
      <dd class="value">{value}</dd>
    </>
  );
}

/** For and against in two colours, with the sign beside it. */
export const SignedBar = ({ name, value, largest }: { name: string; value: number; largest: number }) => (
  <Bar name={name} share={Math.abs(value) / largest} value={signed(value)} side={sideOf(value)} />
);
