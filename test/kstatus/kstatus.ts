import { join } from 'node:path';
import { build, goModules } from '../cluster/build.ts';
import { binDir } from '../cluster/paths.ts';
import { run } from '../cluster/run.ts';

export interface KStatus {
  /** Current, InProgress, Failed, Terminating, NotFound or Unknown; Error when the object cannot be read. */
  status: string;
  message: string;
}

/** What the kstatus library, as GitOps tools use it, says of each object. Compiles the helper when it is missing (needs Go). */
export async function computeStatus(objects: unknown[]): Promise<KStatus[]> {
  const own = goModules.filter((module) => module.folder === 'test/kstatus');
  await build(() => undefined, own);
  const input = objects.map((object) => `${JSON.stringify(object)}\n`).join('');
  const lines = run(join(binDir, 'kstatus'), [], { input }).trim().split('\n');
  return lines.filter(Boolean).map((line) => JSON.parse(line) as KStatus);
}
