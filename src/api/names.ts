/** Names that Tandem writes into the cluster. They are interfaces: people and tools select by them. */
export const GROUP = 'tandem.dev';
export const API_VERSION = 'tandem.dev/v1alpha1';
export const KIND = 'CanaryRelease';

/** Label on the target: `armed`, `holding`, `rejected` or `open`. */
export const GATE_LABEL = 'tandem.dev/gate';
/** Label on everything of a track that Tandem made: `canary` or `baseline`. */
export const TRACK_LABEL = 'tandem.dev/track';
/** Label with the name of the CanaryRelease. */
export const RELEASE_LABEL = 'tandem.dev/release';
/** Label on the ConfigMaps with reports of past releases, beside the one of the CanaryRelease. */
export const REPORTS_LABEL = 'tandem.dev/reports';
/** Annotation on the canary with the whole revision it runs. */
export const REVISION_ANNOTATION = 'tandem.dev/revision';
/** Who wrote the last promote or retry annotation, stamped by a policy. */
export const BY_ANNOTATION = 'tandem.dev/by';

export const commandAnnotations = {
  promote: 'tandem.dev/promote',
  abort: 'tandem.dev/abort',
  retry: 'tandem.dev/retry',
  hold: 'tandem.dev/hold',
} as const;

/** On the Deployment, or on the CanaryRelease: the commit that its template was built from. */
export const COMMIT_ANNOTATION = 'tandem.dev/commit';
/** A commit in full, as the annotation and the label name it. */
export const COMMIT_PATTERN = /^[0-9a-f]{40}$/;
/** Label of an image that names the commit it was built from (OCI image specification, annotations). */
export const COMMIT_LABEL = 'org.opencontainers.image.revision';

/** A restart writes it into the template; it makes no new version. */
export const RESTART_ANNOTATION = 'kubectl.kubernetes.io/restartedAt';
/** The Deployment controller adds it to the template of each ReplicaSet. */
export const POD_TEMPLATE_HASH_LABEL = 'pod-template-hash';
/** The Deployment controller counts the rollouts of a ReplicaSet here. */
export const DEPLOYMENT_REVISION_ANNOTATION = 'deployment.kubernetes.io/revision';

/** The identity that the policies in deploy/ know as Tandem's own. */
export const SERVICE_ACCOUNT = 'system:serviceaccount:tandem-system:tandem';
export const INSTALL_NAMESPACE = 'tandem-system';

export type GateValue = 'armed' | 'holding' | 'rejected' | 'open';
