import { INSTALL_NAMESPACE } from '../../../../src/api/names.ts';
import { type KubeObject, resources } from '../../../../src/kube/object.ts';
import { asFields, at } from '../../../../src/sandbox/json.ts';
import type { Sent } from '../attempt.ts';
import type { CreateInvariant } from './invariant.ts';

/** What a write must name so that it changes nothing else than what was looked at; undefined: it is idempotent. */
function precondition(
  { verb, resource, subresource, name, body }: Sent,
  targets: readonly string[],
): string | undefined {
  if (verb === 'create' || resource === resources.leases || resource === resources.events) return undefined;
  const fields = asFields(body);
  const version = verb === 'delete' ? fields['resourceVersion'] : at(body, 'metadata', 'resourceVersion');
  const uid = verb === 'delete' ? fields['uid'] : at(body, 'metadata', 'uid');
  const wants = (value: unknown, what: string): string | undefined =>
    typeof value === 'string' && value !== '' ? undefined : `${verb} of ${resource?.kind} ${name} names no ${what}`;
  if (subresource === 'status') return wants(version, 'resourceVersion');
  if (resource === resources.deployments && targets.includes(name ?? '')) return wants(version, 'resourceVersion');
  if (resource === resources.replicaSets) return wants(version, 'resourceVersion');
  return wants(version ?? uid, 'uid or resourceVersion');
}

/** 7. Each write is conditional or idempotent; none leaves after the lease is somebody else's. */
export const writesAreSafe: CreateInvariant = ({ sandbox, plan }) => {
  const targets = plan.targets.map(({ name }) => name);

  function holder(): string {
    const lease = sandbox.peek<KubeObject>(resources.leases, INSTALL_NAMESPACE)[0];
    const name = at(lease, 'spec', 'holderIdentity');
    return typeof name === 'string' ? name : '';
  }

  return {
    number: 7,
    name: 'writes are safe',
    sent(sent) {
      if (!['create', 'replace', 'patch', 'delete'].includes(sent.verb) || sent.resource === resources.leases)
        return undefined;
      if (holder() !== sent.process)
        return `${sent.process} writes ${sent.resource?.kind} ${sent.name} while the lease is of ${holder() || 'nobody'}`;
      return sent.dryRun ? undefined : precondition(sent, targets);
    },
  };
};
