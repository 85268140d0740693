/** The audit of the model that the server answers with: whether early answers still agree with full ones as was certified. */
import { percent, short, whole } from '../format.ts';
import { type AuditReading, auditInWords } from './audit-reading.ts';

export function AuditCard({ audit }: { readonly audit: AuditReading }) {
  const { texts, run, skipped, disagreement, certified, alarm } = audit;
  const { driftOfExits, driftOfLength, unknownPieces, unknownThen } = audit;
  const rows: (readonly [name: string, value: string])[] = [
    ['Audited texts', `${whole(texts)}, of which ${whole(run)} were run to the end for it; ${whole(skipped)} skipped`],
    [
      'Answers that differ',
      disagreement === null
        ? '–'
        : `${percent(disagreement.mean)}, between ${percent(disagreement.lower)} and ${percent(disagreement.upper)}`,
    ],
    ['The same of the last 500', disagreement === null ? '–' : percent(disagreement.recent)],
    ['Certified', certified === null ? 'nothing' : `at most ${percent(certified)}`],
  ];
  if (driftOfExits !== null) rows.push(['Exits unlike those of the calibration', percent(driftOfExits)]);
  if (driftOfLength !== null)
    rows.push(['Longer texts than at the calibration', `${signed(driftOfLength)} standard deviations`]);
  if (unknownPieces !== null) {
    const then = unknownThen === null ? '' : `, ${percent(unknownThen)} at the calibration`;
    rows.push(['Unknown pieces', percent(unknownPieces) + then]);
  }
  return (
    <section class="card audit">
      <h3>Audit</h3>
      <p class={alarm ? 'notice failed' : 'soft'} role={alarm ? 'alert' : undefined}>
        {auditInWords(audit)}
      </p>
      <table>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const signed = (value: number): string => (value < 0 ? `−${short(-value)}` : short(value));
