/** What Prometheus reads of an audit: a row a metric. Knows no metrics library. */
import type { AuditState } from './auditor.ts';

export interface AuditMetric {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  /** Of the metric's own label beside the model, where it has one. */
  readonly label?: string;
  /** The value, or values by label; null: there is none yet. */
  readonly value: (state: AuditState) => number | null | Readonly<Record<string, number>>;
}

export const AUDIT_METRICS: readonly AuditMetric[] = [
  {
    kind: 'counter',
    name: 'te_audit_texts_total',
    help: 'audited texts: sampled texts whose early and full answers were compared; those that left at the last layer agree',
    value: ({ texts }) => texts,
  },
  {
    kind: 'counter',
    name: 'te_audit_runs_total',
    help: 'audited texts that were run to the end after their answer',
    value: ({ run }) => run,
  },
  {
    kind: 'counter',
    name: 'te_audit_disagreements_total',
    help: 'audited texts whose early and full answers differ',
    value: ({ disagreements }) => disagreements,
  },
  {
    kind: 'counter',
    name: 'te_audit_skipped_total',
    help: 'sampled texts that were not audited: the budget was used up, too many texts waited (busy), or the engine failed',
    label: 'reason',
    value: ({ skipped }) => skipped,
  },
  {
    kind: 'gauge',
    name: 'te_audit_waiting',
    help: 'texts that wait for their audit',
    value: ({ waiting }) => waiting,
  },
  {
    kind: 'gauge',
    name: 'te_audit_disagreement',
    help: 'share of the audited texts whose early and full answers differ',
    value: ({ disagreement }) => disagreement?.mean ?? null,
  },
  {
    kind: 'gauge',
    name: 'te_audit_disagreement_recent',
    help: 'the same of the last 500 audited texts',
    value: ({ recent }) => recent?.share ?? null,
  },
  {
    kind: 'gauge',
    name: 'te_audit_disagreement_lower',
    help: 'lower bound of the true share, valid at any time of looking',
    value: ({ disagreement }) => disagreement?.lower ?? null,
  },
  {
    kind: 'gauge',
    name: 'te_audit_disagreement_upper',
    help: 'upper bound of the true share, valid at any time of looking',
    value: ({ disagreement }) => disagreement?.upper ?? null,
  },
  {
    kind: 'gauge',
    name: 'te_audit_disagreement_certified',
    help: 'upper bound of the disagreement by the certificate of the tau',
    value: ({ certified }) => certified,
  },
  {
    kind: 'gauge',
    name: 'te_audit_alarm',
    help: '1: more differ than was certified, found since the model was loaded (a false alarm ever: at most 1 in 1,000 models)',
    value: ({ alarm }) => (alarm ? 1 : 0),
  },
  {
    kind: 'gauge',
    name: 'te_drift_exits',
    help: 'how far shares of exits are from those of the calibration: half the sum of the differences, 0 to 1',
    value: ({ drift }) => drift.exits,
  },
  {
    kind: 'gauge',
    name: 'te_drift_length',
    help: 'mean length of texts in tokens less that of the calibration, in standard deviations of the calibration',
    value: ({ drift }) => drift.length,
  },
  {
    kind: 'gauge',
    name: 'te_unknown_pieces_share',
    help: 'share of unknown pieces among the tokens of the last texts',
    value: ({ drift }) => drift.unknown,
  },
  {
    kind: 'gauge',
    name: 'te_unknown_pieces_calibration_share',
    help: 'share of unknown pieces among the tokens of the calibration',
    value: ({ drift }) => drift.usualUnknown,
  },
];
