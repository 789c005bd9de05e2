import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../kube/object.ts';
import { reportsName } from '../report/kept.ts';
import {
  API_VERSION,
  BY_ANNOTATION,
  commandAnnotations,
  GATE_LABEL,
  INSTALL_NAMESPACE,
  KIND,
  REPORTS_LABEL,
  SERVICE_ACCOUNT,
  TRACK_LABEL,
} from './names.ts';
import { parseSpec } from './schema.ts';

const root = join(import.meta.dirname, '../..');
const base = join(root, 'deploy/kustomize/base');

function objects(folder: string): KubeObject[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'config.yaml');
  return files.flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map((document) => document.toJS() as KubeObject),
  );
}

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

function rulesOf(name: string): Rule[] {
  const role = objects(base).find(({ kind, metadata }) => kind.endsWith('Role') && metadata.name === name);
  return (role?.['rules'] ?? []) as Rule[];
}

describe('the policies', () => {
  const policies = objects(base).filter(({ kind }) => kind.endsWith('AdmissionPolicy'));
  const text = (name: string): string => JSON.stringify(policies.find(({ metadata }) => metadata.name === name));

  it('know the operator by the account it runs under', () => {
    const [, , namespace, name] = SERVICE_ACCOUNT.split(':');
    const accounts = objects(base).filter(({ kind }) => kind === 'ServiceAccount');
    expect(accounts.map(({ metadata }) => [metadata.namespace, metadata.name])).toEqual([[INSTALL_NAMESPACE, name]]);
    expect(namespace).toBe(INSTALL_NAMESPACE);
    const named = [
      'tandem-gate',
      'tandem-held',
      'tandem-fence-deployments',
      'tandem-fence-replicasets',
      'tandem-fence-pods',
      'tandem-fence-configmaps',
    ];
    for (const policy of named) expect(text(policy)).toContain(`'${SERVICE_ACCOUNT}'`);
  });

  it('are bound, each of them', () => {
    const bound = objects(base)
      .filter(({ kind }) => kind.endsWith('AdmissionPolicyBinding'))
      .map((binding) => (binding['spec'] as { policyName: string }).policyName);
    expect(bound.toSorted()).toEqual(policies.map(({ metadata }) => metadata.name).toSorted());
  });

  it('use the names of the code', () => {
    expect(text('tandem-gate')).toContain(GATE_LABEL);
    expect(text('tandem-held')).toContain(GATE_LABEL);
    expect(text('tandem-fence-pods')).toContain(TRACK_LABEL);
    expect(text('tandem-fence-orphans')).toContain(TRACK_LABEL);
    expect(text('tandem-fence-configmaps')).toContain(`'${REPORTS_LABEL}'`);
    expect(text('tandem-fence-configmaps')).toContain(`'${reportsName('')}'`);
    expect(text('tandem-by')).toContain(BY_ANNOTATION);
    for (const annotation of Object.values(commandAnnotations)) expect(text('tandem-commands')).toContain(annotation);
  });

  it('of the gate have no match conditions, or webhooks could change a template behind their back', () => {
    for (const name of ['tandem-gate', 'tandem-by']) expect(text(name)).not.toContain('matchConditions');
  });
});

describe('the roles', () => {
  it('give the operator no more than it names', () => {
    const rules = rulesOf('tandem-operator');
    expect(rules.length).toBeGreaterThan(5);
    const granted = rules.flatMap(({ apiGroups, resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}${apiGroups.join()}`)),
    );
    expect(granted.filter((right) => right.includes('*'))).toEqual([]);
    expect(granted.filter((right) => / (secrets|deployments\/|pods\/|nodes|namespaces)/.test(right))).toEqual([]);
    expect(granted.filter((right) => /^(patch|update|create|delete) canaryreleasest/.test(right))).toEqual([]);
    expect(granted.filter((right) => right.endsWith(' configmaps')).toSorted()).toEqual([
      'create configmaps',
      'get configmaps',
      'patch configmaps',
    ]);
  });

  it('give promote to administrators alone, and status to nobody', () => {
    const verbs = (name: string): string[] => rulesOf(name).flatMap((rule) => rule.verbs);
    expect(verbs('tandem-admin')).toEqual(['promote']);
    expect(verbs('tandem-edit')).not.toContain('promote');
    expect(verbs('tandem-view')).toEqual(['get', 'list', 'watch']);
    expect(rulesOf('tandem-edit').flatMap(({ resources }) => resources)).toEqual(['canaryreleases']);
  });
});

describe('the examples', () => {
  const releases = objects(join(root, 'examples')).filter(({ kind }) => kind === KIND);

  it.each(releases.map((release) => [JSON.stringify(release['spec']), release] as const))(
    '%s is valid',
    (_, release) => {
      expect(release.apiVersion).toBe(API_VERSION);
      expect(parseSpec(release['spec'])).toHaveProperty('spec');
    },
  );
});
