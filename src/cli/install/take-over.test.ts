import { describe, expect, it } from 'vitest';
import { handedOver, type ManagerEntry } from './take-over.ts';

const entry = (manager: string, operation: string, fieldsV1: ManagerEntry['fieldsV1'], more = {}): ManagerEntry => ({
  manager,
  operation,
  apiVersion: 'apps/v1',
  fieldsType: 'FieldsV1',
  fieldsV1: fieldsV1 ?? {},
  ...more,
});

describe('handedOver', () => {
  const replicas = entry('kubectl-client-side-apply', 'Update', { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } });
  const own = entry('tandem-cli', 'Apply', { 'f:spec': { 'f:replicas': {}, 'f:selector': {} } }, { time: 't' });
  const status = entry('kube-controller-manager', 'Update', { 'f:status': {} }, { subresource: 'status' });
  const person = entry('kubectl-edit', 'Update', { 'f:spec': { 'f:minReadySeconds': {} } });

  it('makes what kubectl applied part of the own fields, and leaves everybody else theirs', () => {
    const all = { 'f:spec': { 'f:replicas': {}, 'f:paused': {}, 'f:selector': {} } };
    expect(handedOver([replicas, status, own, person], 'tandem-cli', 'apps/v1')).toEqual([
      entry('tandem-cli', 'Apply', all, { time: 't' }),
      status,
      person,
    ]);
  });

  it('has nothing to do where kubectl applied nothing, or in another version', () => {
    expect(handedOver([status, own, person], 'tandem-cli', 'apps/v1')).toBeUndefined();
    expect(handedOver([{ ...replicas, apiVersion: 'apps/v1beta1' }], 'tandem-cli', 'apps/v1')).toBeUndefined();
    expect(handedOver([{ ...replicas, subresource: 'scale' }], 'tandem-cli', 'apps/v1')).toBeUndefined();
  });
});
