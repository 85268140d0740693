import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hasClients, needsClients, runClient } from '../support/python-clients.ts';

/** Not objects of the cluster itself. */
const OTHERS = ['kustomization.yaml', 'prometheus-adapter.yaml'];
const manifests = readdirSync('deploy/kubernetes').filter((name) => !OTHERS.includes(name));

describe.skipIf(!hasClients)(`deploy/${needsClients}`, () => {
  test('hadolint finds nothing in the Dockerfile', async () => {
    expect(await runClient('hadolint', ['deploy/Dockerfile'])).toEqual({ code: 0, output: '' });
  });

  test.each(manifests)('%s is an object of Kubernetes, without unknown fields', async (name) => {
    const { code, output } = await runClient('kubernetes-validate', ['--strict', `deploy/kubernetes/${name}`]);
    expect(output).toContain(' passed ');
    expect(code).toBe(0);
  });
});
