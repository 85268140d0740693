/** The audit of the model that the server answers with: whether early answers still agree with full ones as was certified. */
import { percent, short, whole } from '../format.ts';
import { type AuditReading, auditInWords } from './audit-reading.ts';

export function AuditCard({ audit }: { readonly audit: AuditReading }) {
  const { texts, run, skipped, disagreement, certified, alarm } = audit;
  const { driftOfExits, driftOfLength, unknownPieces } = audit;
  const rows: (readonly [name: string, value: string])[] = [
    ['Audited texts', `${whole(texts)}, ${whole(run)} of them run to the end; ${whole(skipped)} skipped`],
    [
      'Answers that differ',
      disagreement === null
        ? '–'
        : `${percent(disagreement.mean)} (${percent(disagreement.lower)} to ${percent(disagreement.upper)})`,
    ],
    ['The last 500', disagreement === null ? '–' : percent(disagreement.recent)],
    ['Certified', certified === null ? 'nothing' : `at most ${percent(certified)}`],
  ];
  if (driftOfExits !== null) rows.push(['Drift of exits', percent(driftOfExits)]);
  if (driftOfLength !== null) rows.push(['Drift of length', `${short(driftOfLength)} standard deviations`]);
  if (unknownPieces !== null) rows.push(['Unknown pieces', percent(unknownPieces)]);
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
