/** The server's metrics as the page reads them, from text that prom-client writes. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { auditInWords } from '../../web/src/live/audit-reading.ts';
import { parsePrometheus } from '../../web/src/live/prometheus-text.ts';
import { intervalOf, totalOf } from '../../web/src/live/readings.ts';

test('samples keep names, labels of any kind and numbers of any kind', async () => {
  const register = new Registry();
  const registers = [register];
  const gauge = new Gauge({ name: 'te_tau', help: 'a "quoted"\nhelp', labelNames: ['model'], registers });
  gauge.set({ model: 'a "b"\\c,\n{d="e"}' }, 0.25);
  gauge.set({ model: 'infinite' }, Number.POSITIVE_INFINITY);
  new Gauge({ name: 'plain', help: 'h', registers }).set(-1.5e-7);
  const samples = parsePrometheus(await register.metrics());
  expect(samples).toEqual([
    { name: 'te_tau', labels: { model: 'a "b"\\c,\n{d="e"}' }, value: 0.25 },
    { name: 'te_tau', labels: { model: 'infinite' }, value: Number.POSITIVE_INFINITY },
    { name: 'plain', labels: {}, value: -1.5e-7 },
  ]);
});

test('two readings give rates, percentiles of the time between, and shares of one model', async () => {
  const register = new Registry();
  const registers = [register];
  const success = new Counter({ name: 'te_request_success', help: 'h', registers });
  const duration = new Histogram({ name: 'te_request_duration', help: 'h', buckets: [0.01, 0.02, 0.1], registers });
  const exits = new Counter({ name: 'te_exits_total', help: 'h', labelNames: ['model', 'layer'], registers });
  const spent = new Counter({ name: 'te_flops_spent_total', help: 'h', labelNames: ['model'], registers });
  const saved = new Counter({ name: 'te_flops_saved_total', help: 'h', labelNames: ['model'], registers });
  const tau = new Gauge({ name: 'te_tau', help: 'h', labelNames: ['model'], registers });
  const read = async (at: number) => ({ at, samples: parsePrometheus(await register.metrics()) });
  success.inc(7);
  for (let i = 0; i < 7; i++) duration.observe(0.09); // before anyone looked
  exits.inc({ model: 'm', layer: '1' }, 5);
  tau.set({ model: 'm' }, -1);
  const before = await read(1000);
  success.inc(20);
  for (let i = 0; i < 18; i++) duration.observe(0.015);
  for (let i = 0; i < 2; i++) duration.observe(0.05);
  exits.inc({ model: 'm', layer: '0' }, 40);
  exits.inc({ model: 'm', layer: '1' }, 15);
  exits.inc({ model: 'm', layer: '2' }, 5);
  exits.inc({ model: 'other', layer: '2' }, 500);
  spent.inc({ model: 'm' }, 25);
  saved.inc({ model: 'm' }, 75);
  const after = await read(3000);
  const found = intervalOf(before, after, 'm', [1, 2, 3]);
  expect(found).toMatchObject({ requestsPerSecond: 10, exits: [15, 5, 0], saved: 0.75, tau: null });
  expect(intervalOf(before, after, 'm', [0, 1]).exits).toEqual([40, 15]);
  // rank 10 of 20 lies in (0.01, 0.02], which holds ranks 1 to 18
  expect(found.p50).toBeCloseTo(0.01 + (0.01 * 10) / 18, 12);
  expect(found.p95).toBeCloseTo(0.02 + (0.08 * 1) / 2, 12);
  // since the server started: the seven before anyone looked too
  expect(totalOf(after, 'm', [0, 1, 2])).toMatchObject({ exits: [40, 20, 5], saved: 0.75, tau: null });
  expect(totalOf(after, 'm', [0]).p95).toBeGreaterThan(found.p95!);
  // nothing in between: no latency rather than an old one; and a counter that began anew is not negative
  expect(intervalOf(after, after, 'm', [1, 2, 3])).toMatchObject({
    requestsPerSecond: 0,
    p50: null,
    p99: null,
    saved: null,
  });
  expect(intervalOf(after, { ...before, at: 5000 }, 'm', [1, 2, 3]).requestsPerSecond).toBe(3.5);
});

test('an audit is read as it is: figures of one model, none where there are none', async () => {
  const text = `te_audit_texts_total{model="m"} 1200
te_audit_runs_total{model="m"} 1100
te_audit_skipped_total{model="m",reason="budget"} 30
te_audit_skipped_total{model="m",reason="busy"} 4
te_audit_disagreement{model="m"} 0.02
te_audit_disagreement_recent{model="m"} 0.05
te_audit_disagreement_lower{model="m"} 0.01
te_audit_disagreement_upper{model="m"} 0.04
te_audit_disagreement_certified{model="m"} 0.015
te_audit_alarm{model="m"} 1
te_drift_length{model="m"} -0.5
te_unknown_pieces_calibration_share{model="m"} 0.01
te_audit_texts_total{model="fresh"} 0
te_audit_alarm{model="fresh"} 0
`;
  const reading = (model: string, more = '') => {
    const at = { at: 0, samples: parsePrometheus(text + more) };
    return intervalOf(at, at, model, [1]).audit;
  };
  expect(reading('m')).toEqual({
    texts: 1200,
    run: 1100,
    skipped: 34,
    disagreement: { mean: 0.02, recent: 0.05, lower: 0.01, upper: 0.04 },
    certified: 0.015,
    alarm: true,
    safe: false,
    driftOfExits: null,
    driftOfLength: -0.5,
    unknownPieces: null,
    unknownThen: 0.01,
  });
  expect(reading('fresh')).toMatchObject({ texts: 0, disagreement: null, certified: null, alarm: false });
  expect(reading('plain')).toBeNull();
  const safe = reading('m', 'te_tau{model="m"} -1\n')!;
  expect(safe.safe).toBe(true);
  expect(auditInWords(safe)).toContain(
    'lucky. Every text that names no tau goes through all layers until the model is',
  );
  expect(auditInWords(reading('m')!)).toMatch(/^Early .* certified: the texts have changed, or .* lucky\. Calibrate/);
  expect(auditInWords(reading('fresh')!)).toContain('Nothing was certified');
});
