import type { KubeObject } from '../../../kube/object.ts';
import type { Fields } from '../../json.ts';
import { metadataOf, type Presentation } from '../presentation.ts';
import type { Served } from '../served.ts';
import { builtinColumns } from './builtin.ts';
import type { Column } from './column.ts';
import { customColumns } from './custom.ts';

/** Of Succeeded and Failed pods, so that kubectl can tell them. */
const PHASES = ['Succeeded', 'Failed'];

function conditionsOf(object: KubeObject): Fields {
  const { phase } = (object['status'] ?? {}) as { phase?: unknown };
  if (object.kind !== 'Pod' || typeof phase !== 'string' || !PHASES.includes(phase)) return {};
  const message = phase === 'Failed' ? 'The pod failed.' : 'The pod has completed successfully.';
  return { conditions: [{ type: 'Completed', status: 'True', reason: phase, message }] };
}

function columnsOf(served: Served): Column[] {
  return served.stored.builtin ? builtinColumns(served) : customColumns(served.stored.columns);
}

/** A meta.k8s.io Table, which is what `kubectl get` prints. */
export function tableOf(
  served: Served,
  objects: KubeObject[],
  metadata: Fields,
  how: Presentation,
  withDefinitions: boolean,
): Fields {
  const columns = columnsOf(served);
  const embedded = (object: KubeObject): Fields => {
    if (how.includeObject === 'None') return { object: null };
    return { object: how.includeObject === 'Object' ? object : metadataOf(object) };
  };
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${how.form.version}`,
    metadata,
    columnDefinitions: withDefinitions
      ? columns.map(({ name, type, format, description, priority }) => ({ name, type, format, description, priority }))
      : [],
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, how.now)),
      ...conditionsOf(object),
      ...embedded(object),
    })),
  };
}
