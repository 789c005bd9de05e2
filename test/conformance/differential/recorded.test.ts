import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realKubeconfig } from '../run-cases.ts';
import { createNamespaces } from './namespaces.ts';
import { differences } from './normalise.ts';
import { describeOperation } from './operation.ts';
import { readRecorded } from './recorded.ts';
import { runSequence } from './sequence.ts';
import { clusterTarget, sandboxTarget, type Target } from './target.ts';
import { installWidgets } from './widgets.ts';

/** What a real cluster answered to sequences that once were answered otherwise here. */
function replay(name: string, open: () => Promise<Target>): void {
  describe(name, () => {
    let target: Target;
    let remove: () => Promise<void>;

    beforeAll(async () => {
      target = await open();
      remove = await installWidgets(target);
    });

    afterAll(async () => {
      await createNamespaces(target).end();
      await remove();
      await target.close();
    });

    for (const [file, sequences] of readRecorded()) {
      it.each(sequences)(`${file.replace('.yaml', '')}: $name`, async ({ operations, answers = [] }) => {
        const namespaces = createNamespaces(target);
        const namespace = await namespaces.take();
        const course = await runSequence(target, namespace, operations);
        await namespaces.giveBack(namespace);

        expect(answers).toHaveLength(operations.length);
        for (const [index, operation] of operations.entries()) {
          const found = differences(answers[index], course.answers[index]);
          expect(found.join('\n'), `${index} ${describeOperation(operation)}`).toBe('');
        }
      });
    }
  });
}

replay('sandbox', sandboxTarget);
if (realKubeconfig !== undefined) {
  const kubeconfig = realKubeconfig;
  replay('cluster', () => clusterTarget(kubeconfig));
}
