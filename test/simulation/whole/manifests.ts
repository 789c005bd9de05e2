import { readFileSync } from 'node:fs';

const files = ['policy-gate', 'policy-fence', 'policy-held', 'policy-commands'].map(
  (name) => `deploy/kustomize/base/${name}.yaml`,
);

/** What an administrator installs: the CRD and the policies. Read from the directory of the project. */
export function readManifests(): string[] {
  return ['crds/tandem.dev_canaryreleases.yaml', ...files].map((file) => readFileSync(file, 'utf8'));
}
