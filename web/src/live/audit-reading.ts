/**
 * What the server's /metrics say of a model's audit: how often early and full answers differ, and how far the texts have
 * drifted from those of the calibration. Pure functions.
 */
import type { Sample } from './prometheus-text.ts';

export interface AuditReading {
  readonly texts: number;
  /** Texts that were run again. */
  readonly run: number;
  /** Sampled and not audited. */
  readonly skipped: number;
  /** The share that differs, with bounds of the true share, and of the last 500 texts; null: no text yet. */
  readonly disagreement: {
    readonly mean: number;
    readonly lower: number;
    readonly upper: number;
    readonly recent: number;
  } | null;
  /** What the true share was certified to be below; null: nothing was. */
  readonly certified: number | null;
  readonly alarm: boolean;
  /** Since the alarm every text goes through all layers (--on-drift safe). */
  readonly safe: boolean;
  /** Null: not known, or too few texts. */
  readonly driftOfExits: number | null;
  readonly driftOfLength: number | null;
  readonly unknownPieces: number | null;
  readonly unknownThen: number | null;
}

/** Null: the model is not audited. */
export function auditOf(samples: readonly Sample[], model: string): AuditReading | null {
  const own = samples.filter(({ labels }) => labels.model === model);
  const value = (name: string): number | null => own.find((sample) => sample.name === name)?.value ?? null;
  const texts = value('te_audit_texts_total');
  if (texts === null) return null;
  const [mean, lower, upper, recent] = ['', '_lower', '_upper', '_recent'].map((end) =>
    value(`te_audit_disagreement${end}`),
  );
  const alarm = value('te_audit_alarm') === 1;
  const isKnown = mean !== null && lower !== null && upper !== null && recent !== null;
  return {
    texts,
    run: value('te_audit_runs_total') ?? 0,
    skipped: own
      .filter(({ name }) => name === 'te_audit_skipped_total')
      .reduce((sum, { value: count }) => sum + count, 0),
    disagreement: isKnown ? { mean, lower, upper, recent } : null,
    certified: value('te_audit_disagreement_certified'),
    alarm,
    safe: alarm && value('te_tau') === -1, // a tau that is audited is off for no other reason
    driftOfExits: value('te_drift_exits'),
    driftOfLength: value('te_drift_length'),
    unknownPieces: value('te_unknown_pieces_share'),
    unknownThen: value('te_unknown_pieces_calibration_share'),
  };
}

/** What an audit has found, as sentences. */
export function auditInWords({ alarm, safe, certified, texts }: AuditReading): string {
  if (alarm)
    return `Early and full answers differ more often than was certified: the texts have changed, or the calibration was lucky. ${
      safe ? 'Every text that names no tau goes through all layers until the model is reloaded. ' : ''
    }Calibrate with texts of now.`;
  if (certified === null)
    return 'Early answers are compared with full ones. Nothing was certified that they could be held to.';
  if (texts === 0) return 'No text has been audited yet.';
  return 'Early and full answers do not differ more often than was certified.';
}
