import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { flagOf } from '../../src/cli/command.ts';
import { jobsWork } from '../../src/cli/commands/jobs/work.ts';
import { predict } from '../../src/cli/commands/predict.ts';
import { serveTable } from '../../src/serve/defaults.ts';
import { variablesOf } from '../../src/serve/variables.ts';
import { instructionsOf } from '../support/follow-dockerfile.ts';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const read = (path: string) => readFileSync(join('deploy', path), 'utf8');
const yaml = (path: string) => parse(read(path));
const root = temporaryFolder();
let server: Awaited<ReturnType<typeof protocolServer>>;
/** Names of the series that /metrics gives, and of each its labels. */
const series = new Map<string, Set<string>>();

beforeAll(async () => {
  const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 });
  server = await protocolServer({ mails: dir });
  await fetch(`${server.url}/predict`, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } });
  await fetch(`${server.url}/predict`, {
    method: 'POST',
    body: '{"inputs": "w1"}',
    headers: { 'content-type': 'application/json' },
  });
  const text = await (await fetch(`${server.url}/metrics`)).text();
  for (const [, name, labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? /gm)) {
    const names = series.get(name) ?? new Set();
    for (const [, label] of labels.matchAll(/(\w+)="/g)) names.add(label);
    series.set(name, names);
  }
});
afterAll(() => server.close());

/** Metrics of an expression of Prometheus, with the labels that it reads: those it groups by stand before the metric. */
const metricsOf = (expression: string): { name: string; labels: string[] }[] =>
  [...expression.matchAll(/(?:\bby \(([^)]*)\) \((?:rate\()?)?\b((?:te|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, by = '', name, filter = '']) => ({
      name,
      labels: [...by.split(/,\s*/).filter(Boolean), ...[...filter.matchAll(/(\w+)=/g)].map(([, label]) => label)],
    }),
  );

/** Labels that Prometheus adds to what it reads. */
const ADDED = ['job', 'instance', 'namespace', 'pod'];

function expectToExist(expression: string) {
  const metrics = metricsOf(expression);
  expect(metrics, expression).not.toEqual([]);
  for (const { name, labels } of metrics) {
    expect([...series.keys()], expression).toContain(name);
    expect([...series.get(name)!, ...ADDED], `${expression}: ${name}`).toEqual(expect.arrayContaining(labels));
  }
}

describe('the dashboard', () => {
  const dashboard = JSON.parse(read('grafana/magic-pyramid.json'));
  const panels: { title: string; targets?: { expr: string }[] }[] = dashboard.panels;

  test.each(panels.filter(({ targets }) => targets).map(({ title, targets }) => [title, targets!] as const))(
    '"%s" asks for metrics that the server has',
    (_, targets) => {
      for (const { expr } of targets) expectToExist(expr);
    },
  );

  test('fills its variables from metrics that the server has', () => {
    const queries = dashboard.templating.list.filter(({ type }: { type: string }) => type === 'query');
    expect(queries).toHaveLength(3);
    for (const { definition } of queries) expectToExist(definition);
  });
});

describe('the manifests', () => {
  const deployment = yaml('kubernetes/deployment.yaml');
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;
  const runtime = yaml('kserve/serving-runtime.yaml').spec.containers[0];
  const dockerfile = new Map(instructionsOf(read('Dockerfile')));

  test('are all applied by the kustomization', () => {
    const files = readdirSync('deploy/kubernetes').filter((name) => /^(?!kustomization|prometheus-adapter)/.test(name));
    expect(yaml('kubernetes/kustomization.yaml').resources.sort()).toEqual(files.sort());
  });

  test('probe what the server answers', async () => {
    const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
    for (const { httpGet } of [...probes, runtime.readinessProbe, runtime.livenessProbe])
      expect((await fetch(server.url + httpGet.path)).status, httpGet.path).toBe(200);
  });

  test('run the image on its port, as its user, with flags that exist', () => {
    for (const { ports, args } of [container, runtime]) {
      expect(String(ports[0].containerPort)).toBe(dockerfile.get('EXPOSE'));
      const flags = args.filter((word: string) => word.startsWith('--'));
      expect(Object.keys(serveTable).map(flagOf)).toEqual(expect.arrayContaining(flags));
    }
    expect(String(pod.securityContext.runAsUser)).toBe(dockerfile.get('USER')!.split(':')[0]);
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('give the server longer to stop than it takes', () => {
    const [program, , script] = container.lifecycle.preStop.exec.command;
    expect(program).toBe(JSON.parse(dockerfile.get('ENTRYPOINT')!)[0]); // which the image has for certain
    const pause = Number(/setTimeout\(.*, (\d+)\)$/.exec(script)![1]) / 1000;
    expect(pause).toBeGreaterThanOrEqual(5);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(pause + serveTable.shutdownTimeout.default / 1000);
  });

  test('keep service variables out of the pods, since one has the name of one of ours', () => {
    expect(variablesOf('port')).toContain(
      `${yaml('kubernetes/service.yaml').metadata.name.toUpperCase().replace('-', '_')}_PORT`,
    );
    expect(pod.enableServiceLinks).toBe(false);
    expect(yaml('kserve/inference-service.yaml').spec.predictor.enableServiceLinks).toBe(false);
  });

  test('select the pods of the deployment', () => {
    const { labels } = deployment.spec.template.metadata;
    for (const selector of [
      deployment.spec.selector.matchLabels,
      yaml('kubernetes/service.yaml').spec.selector,
      yaml('kubernetes/disruption-budget.yaml').spec.selector.matchLabels,
      yaml('kubernetes/network-policy.yaml').spec.podSelector.matchLabels,
    ])
      expect(labels).toMatchObject(selector);
    const claims = pod.volumes.flatMap((volume: { persistentVolumeClaim?: { claimName: string } }) =>
      volume.persistentVolumeClaim ? [volume.persistentVolumeClaim.claimName] : [],
    );
    expect(claims).toEqual([yaml('kubernetes/model-volume.yaml').metadata.name]);
  });

  test('scale by a metric that the server has and the adapter hands on', () => {
    const { scaleTargetRef, metrics } = yaml('kubernetes/autoscaler.yaml').spec;
    expect(scaleTargetRef.name).toBe(deployment.metadata.name);
    const { name } = metrics[0].pods.metric;
    expectToExist(name);
    const [rule] = yaml('kubernetes/prometheus-adapter.yaml').rules.custom;
    expect(rule.name.as).toBe(name);
    expect(metricsOf(rule.seriesQuery).map((metric) => metric.name)).toEqual([name]);
  });

  test('name the model format that the serving runtime supports', () => {
    const { model } = yaml('kserve/inference-service.yaml').spec.predictor;
    const { supportedModelFormats, protocolVersions } = yaml('kserve/serving-runtime.yaml').spec;
    expect(supportedModelFormats[0].name).toBe(model.modelFormat.name);
    expect(protocolVersions).toContain(model.protocolVersion);
  });
});

describe('the manifests of jobs', () => {
  const workers = yaml('jobs/workers.yaml');
  const pod = workers.spec.template.spec;
  const [container] = pod.containers;
  const job = yaml('jobs/indexed-job.yaml');
  const claims = [yaml('kubernetes/model-volume.yaml'), yaml('jobs/data-volume.yaml')].map(
    ({ metadata }) => metadata.name,
  );

  test('are all applied by the kustomization, but the one that needs no queue', () => {
    const others = ['kustomization.yaml', 'indexed-job.yaml', 'Dockerfile'];
    const files = readdirSync('deploy/jobs').filter((name) => !others.includes(name));
    expect(yaml('jobs/kustomization.yaml').resources.sort()).toEqual(files.sort());
  });

  test('start workers with flags that exist, in an image with the clients of a queue and of S3', () => {
    const flags = container.args.filter((word: string) => word.startsWith('--'));
    expect(flags).toHaveLength(4);
    expect(Object.keys(jobsWork.options).map(flagOf)).toEqual(expect.arrayContaining(flags));
    expect(container.args[0]).toBe('work');
    expect(container.env[0].name).toBe(jobsWork.variables!('queue')[0]);
    const dockerfile = read('jobs/Dockerfile');
    const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const name of ['bullmq', 'ioredis', '@aws-sdk/client-s3'])
      expect(dockerfile).toContain(`${name}@${devDependencies[name].slice(1)}`);
    expect(new Map(instructionsOf(dockerfile)).get('USER')).toBe('1000:1000');
    expect(String(container.ports[0].containerPort)).toBe(container.args[container.args.indexOf('--metrics-port') + 1]);
  });

  test('give a worker longer to stop than it takes', () => {
    const grace = Number(container.args[container.args.indexOf('--grace') + 1]);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(grace + 10);
  });

  test('mount the volumes that are there', () => {
    for (const { volumes } of [pod, job.spec.template.spec])
      expect(
        volumes.flatMap(
          (volume: { persistentVolumeClaim?: { claimName: string } }) => volume.persistentVolumeClaim?.claimName ?? [],
        ),
      ).toEqual(claims);
  });

  test('scale the workers by the lists of the queue', () => {
    const { scaleTargetRef, triggers } = yaml('jobs/workers-autoscaler.yaml').spec;
    expect(scaleTargetRef.name).toBe(workers.metadata.name);
    expect(
      triggers.map(({ type, metadata }: { type: string; metadata: { listName: string } }) => [type, metadata.listName]),
    ).toEqual([
      ['redis', 'bull:magic-pyramid-RUN:wait'],
      ['redis', 'bull:magic-pyramid-RUN:active'],
    ]);
  });

  test('divide a file by as many parts as the Job has', () => {
    const { completions, completionMode, template } = job.spec;
    expect(completionMode).toBe('Indexed');
    const script = template.spec.containers[0].command.at(-1);
    expect(script).toContain(`--shard "$JOB_COMPLETION_INDEX/${completions}"`);
    const flags = script.match(/--[a-z-]+/g);
    expect(Object.keys(predict.options).map(flagOf)).toEqual(expect.arrayContaining(flags));
  });
});
