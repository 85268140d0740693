/** Audits of a server: what was answered early is run to the end, and the answers are held against the certificate. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Pyramid } from '../../src/engine/index.ts';
import type { StartOptions } from '../../src/serve/index.ts';
import { certifyFolder } from '../support/certificate.ts';
import { randomModel, randomTexts } from '../support/random-model.ts';
import { serve } from '../support/serve.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const TAU = 0.6;
const SECRET = 'w190 w191 w192';
const texts = [SECRET, ...randomTexts(23, 110)];
const adminKey = { authorization: 'Bearer admin-key' };
let certified: string;
let chosen: string;
let adminKeyFile: string;
/** Of each text: where it leaves, and whether its answer there is another than the one at the end. */
let truth: readonly { readonly exit: number; readonly differs: boolean }[];

beforeAll(async () => {
  const options = { seed: 31, kind: 'pooled', prunes: true, tau: TAU, floor: true } as const;
  const { dir, model } = await randomModel(root, 'certified', options);
  certifyFolder(dir, model, { disagreement: { estimate: 0.001, upper: 0.002 } });
  certified = dir;
  ({ dir: chosen } = await randomModel(root, 'chosen', options));
  adminKeyFile = join(root, 'admin-keys');
  writeFileSync(adminKeyFile, 'admin-key\n');
  const pyramid = await Pyramid.load(dir, { workers: 1 });
  const [early, full] = [await pyramid.classify(texts), await pyramid.classify(texts, { tau: null })];
  truth = early.map(({ exit, label }, i) => ({ exit, differs: label !== full[i].label }));
  await pyramid.close();
});

/** All are audited: the first alone, from which the budget learns what one costs. */
const everything = { auditRate: 1, auditBudget: 1e6, page: false } as const;

async function audited(dir: string, options: Partial<StartOptions> = {}) {
  const lines: { level: string; msg: string; audit?: object }[] = [];
  const log = { write: (line: string) => lines.push(JSON.parse(line)) };
  const it = await serve({ m: dir }, { ...everything, adminKeyFile, log, ...options });
  const state = async () => (await it.get('/v1/models/m')).body.audit;
  const settled = async (n: number) => {
    await expect.poll(async () => (await state()).texts).toBe(n);
    return state();
  };
  const metric = async (name: string, labels = '') => {
    const { body } = await it.get('/metrics');
    const found = new RegExp(`^${name}\\{model="m"${labels}\\} (\\S+)$`, 'm').exec(body);
    return found && Number(found[1]);
  };
  /** All texts, the first alone; resolves when all audits have ended. */
  const classifyAll = async () => {
    await it.post('/v1/classify', { inputs: texts[0] });
    await settled(1);
    for (let from = 1; from < texts.length; from += 16) {
      await it.post('/v1/classify', { inputs: texts.slice(from, from + 16) });
      await settled(Math.min(texts.length, from + 16));
    }
  };
  return { ...it, lines, state, settled, metric, classifyAll };
}

describe('texts that were answered at the certified tau', () => {
  test('are run to the end after their answers; a share that differs more than was certified raises an alarm', async () => {
    const it = await audited(certified);
    await it.classifyAll();
    const state = await it.state();
    const disagreements = truth.filter(({ differs }) => differs).length;
    expect(disagreements).toBeGreaterThan(5);
    expect(truth.filter(({ exit }) => exit === 0).length).toBeGreaterThan(10);
    expect(truth.filter(({ exit }) => exit === 4).length).toBeGreaterThan(5);
    expect(state).toMatchObject({
      tau: TAU,
      rate: 1,
      texts: texts.length,
      run: truth.filter(({ exit }) => exit < 4).length,
      disagreements,
      waiting: 0,
      skipped: { budget: 0, busy: 0, failed: 0 },
      certified: 0.002,
      alarm: true,
      safe: false,
    });
    expect(state.disagreement.lower).toBeLessThan(disagreements / texts.length);
    expect(state.disagreement.upper).toBeGreaterThan(disagreements / texts.length);
    // audits are not among what was answered
    expect(await it.metric('te_texts_total')).toBe(texts.length);
    expect(await it.metric('te_audit_texts_total')).toBe(texts.length);
    expect(await it.metric('te_audit_disagreements_total')).toBe(disagreements);
    expect(await it.metric('te_audit_disagreement')).toBeCloseTo(disagreements / texts.length, 10);
    expect(await it.metric('te_audit_disagreement_lower')).toBe(state.disagreement.lower);
    expect(await it.metric('te_audit_disagreement_certified')).toBe(0.002);
    expect(await it.metric('te_audit_skipped_total', ',reason="busy"')).toBe(0);
    expect(await it.metric('te_audit_alarm')).toBe(1);

    // the alarm is told once and without a word of the texts, and the server stays healthy
    const warnings = it.lines.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ model: 'm', audit: { alarm: true, certified: 0.002 } });
    expect(warnings[0].msg).toMatch(
      /^early and full answers differ more often than was certified: in [\d.]+ % of the last \d+ audited texts, where at most 0\.2 % was certified: run magic-pyramid calibrate/,
    );
    expect(JSON.stringify(it.lines)).not.toContain('w19');
    expect((await it.get('/health')).status).toBe(200);
    expect(await it.metric('te_tau')).toBe(TAU);
  });

  test('go through all layers after an alarm, where the server is told so, until the model is reloaded', async () => {
    const it = await audited(certified, { onDrift: 'safe' });
    for (let i = 0; !(await it.state()).safe; i += 8) {
      const { body } = await it.post('/v1/classify', { inputs: texts.slice(i % 96, (i % 96) + 8) });
      expect(body.tau).toBe(TAU);
      await expect.poll(async () => (await it.state()).waiting).toBe(0);
    }
    const exitsOf = async (body: object) =>
      new Set(((await it.post('/v1/classify', body)).body.results as { exit: number }[]).map(({ exit }) => exit));
    expect(await exitsOf({ inputs: texts.slice(0, 30) })).toEqual(new Set([4]));
    expect((await exitsOf({ inputs: texts.slice(0, 30), tau: 1 })).has(4)).toBe(false); // who names a tau keeps it
    expect(await it.metric('te_tau')).toBe(-1);
    expect((await it.get('/info')).body).toMatchObject({ tau: null, tau_from: 'safe', certificate: null });
    expect((await it.get('/health')).status).toBe(200);
    expect(it.lines.find(({ level }) => level === 'warn')!.msg).toContain('goes through all layers until the model is');

    const config = readFileSync(join(certified, 'config.json'), 'utf8');
    writeFileSync(join(certified, 'config.json'), `${config} `);
    expect((await it.post('/admin/models/m/reload', undefined, adminKey)).body).toMatchObject({ changed: true });
    expect(await it.state()).toMatchObject({ texts: 0, alarm: false, safe: false });
    expect((await it.get('/info')).body).toMatchObject({ tau: TAU, tau_from: 'certified', certificate: { tau: TAU } });
    expect(await it.metric('te_tau')).toBe(TAU);
  });

  test('count only if the server chose the tau, not the request', async () => {
    const it = await audited(certified);
    for (const tau of [TAU, 1, null]) await it.post('/v1/classify', { inputs: texts.slice(0, 8), tau });
    await it.post('/v1/classify', { inputs: texts[0] });
    expect(await it.settled(1)).toMatchObject({ texts: 1, waiting: 0, drift: { texts: 1 } });
  });

  test('are sampled at the rate of the option, within the budget, and at none with rate 0', async () => {
    const rare = await audited(certified, { auditRate: 0.1, auditBudget: 0.05 });
    await Promise.all(texts.map((inputs) => rare.post('/v1/classify', { inputs })));
    await expect.poll(async () => (await rare.state()).waiting).toBe(0);
    const { rate, texts: n, skipped, run } = await rare.state();
    expect(rate).toBe(0.1);
    expect(n + skipped.budget).toBeGreaterThan(3);
    expect(n + skipped.budget).toBeLessThan(40);
    expect(run).toBeLessThan(10);
    const none = await audited(certified, { auditRate: 0 });
    expect(await none.state()).toBeNull();
  });

  test('show drift of exits and lengths, once there are enough of them', async () => {
    const it = await audited(certified, { auditRate: 0.001 });
    expect(await it.metric('te_drift_exits')).toBeNull();
    for (let i = 0; i < 6; i++)
      for (let from = 0; from < texts.length; from += 16)
        await it.post('/v1/classify', { inputs: texts.slice(from, from + 16) });
    const share = (exit: number) => truth.filter((one) => one.exit === exit).length / truth.length;
    const apart = [0, 1, 2, 3, 4].reduce((sum, exit) => sum + Math.abs(share(exit) - 0.2), 0) / 2;
    expect(await it.metric('te_drift_exits')).toBeCloseTo(apart, 6);
    expect(await it.metric('te_drift_length')).toBeLessThan(0); // 30 tokens at calibration, about 22 here
    expect(await it.metric('te_unknown_pieces_share')).toBeGreaterThan(0.01);
  });
});

describe('a model without a certificate', () => {
  test('is not audited unless it is asked for, and then held against nothing', async () => {
    const silent = await audited(chosen, { auditRate: undefined });
    expect(await silent.state()).toBeNull();
    expect(await silent.metric('te_audit_texts_total')).toBeNull();
    const it = await audited(chosen);
    await it.classifyAll();
    expect(await it.state()).toMatchObject({ texts: texts.length, certified: null, alarm: false });
    expect(it.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(await it.metric('te_audit_disagreement_certified')).toBeNull();
  });

  test('is audited at the tau of the server, of a certified one only what its certificate is of is compared', async () => {
    const it = await audited(certified, { tau: 0.3 });
    expect(await it.state()).toMatchObject({ tau: 0.3, certified: null });
    const off = await audited(certified, { tau: 'off' });
    expect(await off.state()).toBeNull();
  });
});

test('a --max-tau beyond the certified one is said in the log, and nothing is audited then', async () => {
  const it = await audited(certified, { tau: 'auto', maxTau: 0.9 });
  expect(it.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg)).toEqual([
    '--max-tau is 0.9, and only taus up to 0.6 are certified: answers above that may lose more than was promised',
    'nothing is audited, and --audit-rate 1 has no effect: the highest tau is 0.9, and the certified one is 0.6',
  ]);
  expect(await it.state()).toBeNull();
  expect((await it.get('/info')).body).toMatchObject({ tau_from: 'auto' });
});
