import { expect, it } from 'vitest';
import { formatList } from './list.ts';
import { createStyle } from './style.ts';
import { inPhase, now, release } from './testing/fixtures.ts';

const view = { allNamespaces: false, wide: false, now, style: createStyle(false) };

it('shows the columns of kubectl get', () => {
  const fresh = release({ metadata: { name: 'web', creationTimestamp: '2026-11-20T10:02:55Z' } });
  delete fresh.status;

  expect(formatList([release(), fresh], view)).toMatchInlineSnapshot(`
    "NAME       TARGET     PHASE       VERDICT   STABLE       CANARY       SHARE   AGE
    checkout   checkout   Analyzing   -         901a71fe22   50ff8ab66b   25%     2d
    web        checkout   Unknown     -         -            -            -       5s
    "
  `);
});

it('shows namespace and message when asked', () => {
  const held = inPhase('Held', { reason: 'Undecided', message: 'no verdict by the deadline' });

  expect(formatList([held], { ...view, allNamespaces: true, wide: true })).toMatchInlineSnapshot(`
    "NAMESPACE   NAME       TARGET     PHASE   VERDICT   STABLE       CANARY       SHARE   AGE   MESSAGE
    shop        checkout   checkout   Held    -         901a71fe22   50ff8ab66b   25%     2d    no verdict by the deadline
    "
  `);
});
