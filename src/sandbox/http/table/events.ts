import type { KubeObject } from '../../../kube/object.ts';
import { at } from '../../json.ts';
import { ageOf } from './age.ts';
import { type Column, column, numberAt, textAt, wide } from './column.ts';

/** A field by its name in events.k8s.io/v1 or, of the core group, by its other name. */
function either(event: KubeObject, name: string, core: string): unknown {
  return event[name] ?? event[core];
}

function firstSeen(event: KubeObject, now: number): string {
  return ageOf(either(event, 'deprecatedFirstTimestamp', 'firstTimestamp') ?? event['eventTime'], now);
}

function lastSeen(event: KubeObject, now: number): string {
  const series = at(event, 'series', 'lastObservedTime');
  const last = series ?? either(event, 'deprecatedLastTimestamp', 'lastTimestamp');
  return last === undefined || last === null ? firstSeen(event, now) : ageOf(last, now);
}

function objectOf(event: KubeObject): string {
  const regarding = either(event, 'regarding', 'involvedObject');
  const kind = textAt(regarding, 'kind').toLowerCase();
  const name = textAt(regarding, 'name');
  return name === '' ? kind : `${kind}/${name}`;
}

function sourceOf(event: KubeObject): string {
  const source = either(event, 'deprecatedSource', 'source');
  const component =
    textAt(source, 'component') || textAt(event, 'reportingController') || textAt(event, 'reportingComponent');
  const instance = textAt(source, 'host') || textAt(event, 'reportingInstance');
  return instance === '' ? component : `${component}, ${instance}`;
}

function countOf(event: KubeObject): number {
  return numberAt(event, 'series', 'count') || numberAt(event, 'deprecatedCount') || numberAt(event, 'count') || 1;
}

function messageOf(event: KubeObject): string {
  return (textAt(event, 'note') || textAt(event, 'message')).trim();
}

export const eventColumns: Column[] = [
  column('Last Seen', lastSeen),
  column('Type', (event) => textAt(event, 'type')),
  column('Reason', (event) => textAt(event, 'reason')),
  column('Object', objectOf),
  wide('Subobject', (event) => textAt(either(event, 'regarding', 'involvedObject'), 'fieldPath')),
  wide('Source', sourceOf),
  column('Message', messageOf),
  wide('First Seen', firstSeen),
  wide('Count', countOf),
  column('Name', ({ metadata }) => metadata.name, { priority: 1, format: 'name' }),
];
