import { GATE_LABEL, RELEASE_LABEL, REPORTS_LABEL, TRACK_LABEL } from '../../../../src/api/names.ts';
import { type KubeObject, type Pod, type Resource, resources } from '../../../../src/kube/object.ts';
import { NAMESPACE } from '../stage.ts';
import type { View } from '../view.ts';
import type { CreateInvariant } from './invariant.ts';

const MINUTE_MS = 60_000;
const kinds: Resource[] = [resources.deployments, resources.replicaSets, resources.pods];

/** What a Service selects by. */
function isReachable(pod: Pod): boolean {
  return Object.keys(pod.metadata.labels ?? {}).some((label) => label !== TRACK_LABEL && label !== RELEASE_LABEL);
}

function overdue(pod: Pod, at: number): boolean {
  const until = Date.parse(pod.metadata.annotations?.['tandem.dev/until'] ?? '');
  return Number.isNaN(until) || at > until + 5 * MINUTE_MS;
}

/** 6. After the end no canary is left but quarantined pods, out of every Service and with an end of their own. */
export const nothingIsLeft: CreateInvariant = ({ sandbox }) => {
  const tracked = (resource: Resource): readonly KubeObject[] =>
    sandbox.peek<KubeObject>(resource, NAMESPACE).filter((object) => TRACK_LABEL in (object.metadata.labels ?? {}));

  function quarantine(): string | undefined {
    const pods = sandbox
      .peek<Pod>(resources.pods, NAMESPACE)
      .filter((pod) => pod.metadata.labels?.[TRACK_LABEL] === 'quarantine');
    const reachable = pods.find(isReachable);
    return reachable === undefined
      ? undefined
      : `quarantined pod ${reachable.metadata.name} has labels of the application`;
  }

  function rest(view: View): string | undefined {
    if (view.release?.status?.phase === 'Held') return undefined;
    if (view.canaries.length > 0) return `${view.canaries[0]?.metadata.name} is left in ${view.release?.status?.phase}`;
    const pod = sandbox
      .peek<Pod>(resources.pods, NAMESPACE)
      .find((one) => one.metadata.labels?.[TRACK_LABEL] === 'quarantine' && overdue(one, view.at));
    return pod === undefined ? undefined : `quarantined pod ${pod.metadata.name} has outlived its time`;
  }

  return {
    number: 6,
    name: 'nothing is left',
    look: quarantine,
    atRest: rest,
    afterLeaving(view) {
      // The reports of releases that ended stay as long as their CanaryRelease.
      const reports = sandbox
        .peek<KubeObject>(resources.configMaps, NAMESPACE)
        .filter((object) => REPORTS_LABEL in (object.metadata.labels ?? {}));
      const left = [...kinds.flatMap(tracked), ...reports][0];
      if (left !== undefined) return `${left.kind} ${left.metadata.name} is left after its CanaryRelease`;
      const gate = view.target?.metadata.labels?.[GATE_LABEL];
      return gate === undefined || gate === 'open' ? undefined : `the target still has the label ${gate}`;
    },
  };
};
