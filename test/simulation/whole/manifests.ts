import { readFileSync } from 'node:fs';
import { MANIFEST_FILES } from '../../../src/sandbox/manifests.ts';

/** What an administrator installs: the CRD and the policies. Read from the directory of the project. */
export function readManifests(): string[] {
  return MANIFEST_FILES.map((file) => readFileSync(file, 'utf8'));
}
