/** One figure of the server: its value now, and its last two minutes as a line. */
interface Properties {
  readonly name: string;
  readonly value: string;
  /** Of what time the value is, where it is not of now. */
  readonly note?: string | null;
  /** Oldest first; null is a gap. */
  readonly line: readonly (number | null)[];
}

const WIDTH = 120;
const HEIGHT = 34;
const PLACES = 120;

export function Strip({ name, value, note = null, line }: Properties) {
  const largest = Math.max(0, ...line.map((one) => one ?? 0)) || 1;
  const points = line.map((one, i) => ({
    x: ((PLACES - line.length + i) / (PLACES - 1)) * WIDTH,
    y: one === null ? null : HEIGHT - 2 - (one / largest) * (HEIGHT - 4),
  }));
  const path = points
    .map(({ x, y }, i) =>
      y === null ? '' : `${i === 0 || points[i - 1].y === null ? 'M' : 'L'}${x.toFixed(1)},${y.toFixed(1)}`,
    )
    .join('');
  return (
    <div class="card strip">
      <p class="soft">{name}</p>
      <p class="strip-value number">{value}</p>
      {note !== null && <p class="soft">{note}</p>}
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path d={path} fill="none" stroke="var(--accent)" stroke-width="1.6" vector-effect="non-scaling-stroke" />
      </svg>
    </div>
  );
}
