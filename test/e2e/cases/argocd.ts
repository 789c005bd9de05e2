import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { binDir } from '../../cluster/paths.ts';
import type { Case } from '../case.ts';
import { runProgram } from '../stage.ts';

/** The scripts for Argo CD, run in the Lua that Argo CD uses, over their test data. */

const folder = 'deploy/argocd/resource_customizations';

interface HealthTests {
  tests: { inputPath: string; healthStatus: { status: string; message: string } }[];
}

interface ActionTests {
  discoveryTests: { inputPath: string; result: { name: string; disabled: boolean }[] }[];
  actionTests: { action: string; inputPath: string; expectedAnnotations: Record<string, string> }[];
}

type Json = Record<string, unknown>;

async function run(script: string, inputPath: string): Promise<Json> {
  const request = { script: readFileSync(script, 'utf8'), object: parse(readFileSync(inputPath, 'utf8')) as Json };
  const { code, stdout, stderr } = await runProgram(join(binDir, 'argocd-lua'), [], JSON.stringify(request));
  assert.equal(code, 0, `${script} over ${inputPath}: ${stderr}`);
  return JSON.parse(stdout) as Json;
}

async function health(kind: string): Promise<number> {
  const at = join(folder, kind);
  const { tests } = parse(readFileSync(join(at, 'health_test.yaml'), 'utf8')) as HealthTests;
  for (const { inputPath, healthStatus } of tests)
    assert.deepEqual(await run(join(at, 'health.lua'), join(at, inputPath)), healthStatus, `${kind}: ${inputPath}`);
  return tests.length;
}

async function actions(): Promise<number> {
  const at = join(folder, 'tandem.dev/CanaryRelease/actions');
  const { discoveryTests, actionTests } = parse(readFileSync(join(at, 'action_test.yaml'), 'utf8')) as ActionTests;
  for (const { inputPath, result } of discoveryTests) {
    const found = await run(join(at, 'discovery.lua'), join(at, inputPath));
    const wanted = Object.fromEntries(result.map(({ name, disabled }) => [name, { disabled }]));
    assert.deepEqual(found, wanted, `actions of ${inputPath}`);
  }
  for (const { action, inputPath, expectedAnnotations } of actionTests) {
    const { metadata } = (await run(join(at, action, 'action.lua'), join(at, inputPath))) as {
      metadata: { annotations: Record<string, string> };
    };
    for (const [key, wanted] of Object.entries(expectedAnnotations)) {
      const found = metadata.annotations[key]?.replace(/@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, '@TIME');
      assert.equal(found, wanted, `${action} on ${inputPath}`);
    }
  }
  return discoveryTests.length + actionTests.length;
}

export const argocdCases: Case[] = [
  {
    name: 'argocd',
    ci: true,
    proves:
      'health and actions for Argo CD: holding is Progressing, rejected is Degraded, other Deployments as without Tandem',
    async run(stage) {
      stage.facts['cases'] =
        (await health('tandem.dev/CanaryRelease')) + (await health('apps/Deployment')) + (await actions());
    },
  },
];
