/** Trade-off: what each tau costs and gives, from the trace of the model's evaluation; and the methods compared. */
import { useEffect, useMemo } from 'preact/hooks';
import { mayExit } from '../../../src/pyramid/exits/exit-rule.ts';
import type { ChartSize } from '../../../src/report/chart.ts';
import type { Figure, MethodReport } from '../../../src/report/figure.ts';
import { layerFigures } from '../../../src/report/layer-figures.ts';
import { lengthFigures } from '../../../src/report/length-figures.ts';
import { legendMark, palette } from '../../../src/report/palette.ts';
import { qualityText, qualityTitle } from '../../../src/report/quality-text.ts';
import type { ReportRow } from '../../../src/report/table.ts';
import { textTable } from '../../../src/report/text-table.ts';
import { AS_THE_PAPER, NO_SPEEDUP, tradeoffFigures } from '../../../src/report/tradeoff-figures.ts';
import { DrawingView } from '../drawing-view.tsx';
import { meanExitText, percent, tauText, times, whole } from '../format.ts';
import type { Session } from '../session.ts';
import { Dial } from '../shell/dial.tsx';
import { useNarrow } from '../shell/use-narrow.ts';
import { FigureView, Table } from './figure-view.tsx';
import { judging } from './judging.ts';

const SMALL: ChartSize = { width: 350, height: 290 };

export function TradeoffPart({ session }: { readonly session: Session }) {
  const work = useMemo(() => judging(session), [session]);
  useEffect(() => work.stop, [work]);
  const size = useNarrow() ? SMALL : undefined;
  const { method } = session.engine.info;
  const exits = mayExit(session.engine.info);
  const judgement = work.judgement.value;
  const curve = work.curve.value;
  const rows = work.rows.value;
  const own = useMemo(
    () => (judgement && curve ? ownFigures({ task: '', method, judgement, curve }, size) : []),
    [judgement, curve, method, size],
  );
  return (
    <div class="panel">
      <Dial session={session} />
      {work.state.value === 'loading' && <p class="lead">Reading the trace of the evaluation …</p>}
      {work.failure.value !== null && (
        <p class="notice failed" role="alert">
          {work.failure.value}
        </p>
      )}
      {work.state.value === 'none' && (
        <div class="notice">
          <p>This model has no trace of an evaluation, so its trade-off is unknown. Create a trace with</p>
          <pre class="command">magic-pyramid evaluate --model DIR --test FILE --trace DIR/trace.jsonl</pre>
        </div>
      )}
      {judgement && (
        <>
          <dl class="card answer four" aria-live="polite">
            <Fact name={`${qualityTitle(judgement)} of ${whole(judgement.n)} texts`} value={qualityText(judgement)} />
            <Fact name="Fewer operations, as computed" value={times(judgement.speedup.actual)} />
            <Fact name="Fewer operations, as the paper counts" value={times(judgement.speedup.paper)} />
            {exits && <Fact name="Mean exit" value={meanExitText(judgement.meanExit)} />}
            {judgement.exitsAtFloor !== null && (
              <Fact
                name="Leave at floor 0"
                value={`${percent(judgement.exitsAtFloor / judgement.n)}, ${whole(judgement.exitsAtFloor)} texts`}
              />
            )}
          </dl>
          <h2 class="hidden">This model</h2>
          <Figures figures={own} />
        </>
      )}
      {work.state.value !== 'loading' && rows.length > 1 && <Methods rows={rows} size={size} />}
    </div>
  );
}

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

/** Operations as computed first; the same charts as the paper counts them, for who compares with it, are folded away. */
function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  const isFolded = ({ title }: Figure) => title.endsWith(AS_THE_PAPER);
  const folded = figures.filter(isFolded);
  const views = (some: readonly Figure[]) => (
    <div class="figures">
      {some.map((figure) => (
        <FigureView key={figure.title} figure={figure} />
      ))}
    </div>
  );
  return (
    <>
      {views(figures.filter((figure) => !isFolded(figure)))}
      {folded.length > 0 && (
        <details class="folded">
          <summary>The same with operations as the paper counts them</summary>
          {views(folded)}
        </details>
      )}
    </>
  );
}

/** The figures of the one model, in the one accent colour. */
function ownFigures(report: MethodReport, size?: ChartSize): Figure[] {
  const places = palette([report.method]);
  const at = `tau ${tauText(report.judgement.tau)}`;
  return [
    ...tradeoffFigures([report], places, size).map((figure) => ({
      ...figure,
      caption: `${whereItExits(report, at)}${figure.caption.endsWith(NO_SPEEDUP) ? ` ${NO_SPEEDUP}` : ''}`,
    })),
    ...layerFigures([report], places, size).map((figure) =>
      figure.title === 'Exits by layer'
        ? { ...figure, caption: figure.caption.replace('the tau in the table', at) }
        : figure,
    ),
    ...lengthFigures([report], places, size),
  ];
}

function whereItExits({ judgement, curve }: MethodReport, at: string): string {
  if (curve.length < 2) return 'This model has no exits that a text could take early: one point.';
  const first = judgement.exitsAtFloor === null ? 'layer 1' : 'floor 0';
  return `Tau rises along the line: on the left all texts run through all layers, on the right they exit at ${first}. The mark is ${at}.`;
}

/** The run's table and its marks, one a method; drawn task by task, since accuracies of two tasks say nothing together. */
function Methods({ rows, size }: { readonly rows: readonly ReportRow[]; readonly size?: ChartSize }) {
  const places = palette(rows.map(({ method }) => method));
  const { heads, align, rows: cells } = textTable(rows);
  const tasks = [...new Set(rows.map(({ task }) => task))];
  return (
    <section class="panel" aria-labelledby="methods">
      <h2 id="methods">The methods compared</h2>
      <div class="card">
        <Table label="The methods compared" heads={heads} align={align} rows={cells} />
      </div>
      <ul class="legend" aria-label="Colours of the methods">
        {[...places.keys()].map((method) => (
          <li key={method}>
            <DrawingView drawing={legendMark(places, method)} />
            {method}
          </li>
        ))}
      </ul>
      {tasks.map((task) => (
        <Figures
          key={task}
          figures={tradeoffFigures(points(rows.filter((row) => row.task === task)), places, size).map((figure) => ({
            ...figure,
            title: tasks.length > 1 ? `${task}: ${figure.title}` : figure.title,
          }))}
        />
      ))}
    </section>
  );
}

const points = (rows: readonly ReportRow[]) =>
  rows.flatMap(({ method, tau, accuracy, microF1, r2, speedupPaper, speedupActual }) => {
    if (accuracy === null && r2 === undefined) return [];
    const right = { accuracy: accuracy ?? Number.NaN, microF1, r2 };
    const judgement = { tau, ...right, speedup: { paper: speedupPaper, actual: speedupActual } };
    return [{ method, judgement, curve: [judgement] }];
  });
