/** What of Tandem lies in the API server, as paths from the root of the project: its gate, its fence and its commands. */
export const POLICY_FILES = ['gate', 'held', 'fence', 'commands'].map(
  (name) => `deploy/kustomize/base/policy-${name}.yaml`,
);

/** Its kind, and the policies. */
export const MANIFEST_FILES = ['crds/tandem.dev_canaryreleases.yaml', ...POLICY_FILES];
