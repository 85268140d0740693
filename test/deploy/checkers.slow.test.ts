import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hasClients, needsClients, runClient } from '../support/python-clients.ts';

/** Not objects of the cluster itself; KEDA's is one that the checker does not know. */
const OTHERS = ['kustomization.yaml', 'prometheus-adapter.yaml', 'workers-autoscaler.yaml', 'Dockerfile'];
const manifests = ['kubernetes', 'jobs'].flatMap((folder) =>
  readdirSync(`deploy/${folder}`).flatMap((name) => (OTHERS.includes(name) ? [] : [`${folder}/${name}`])),
);

describe.skipIf(!hasClients)(`deploy/${needsClients}`, () => {
  test.each(['Dockerfile', 'jobs/Dockerfile'])('hadolint finds nothing in %s', async (name) => {
    expect(await runClient('hadolint', [`deploy/${name}`])).toEqual({ code: 0, output: '' });
  });

  test.each(manifests)('%s is an object of Kubernetes, without unknown fields', async (name) => {
    const { code, output } = await runClient('kubernetes-validate', ['--strict', `deploy/${name}`]);
    expect(output).toContain(' passed ');
    expect(code).toBe(0);
  });
});
