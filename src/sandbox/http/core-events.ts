import { type KubeObject, resources } from '../../kube/object.ts';
import { asFields, type Fields } from '../json.ts';

/** How objects look to clients where that is not as they are stored. */
export interface View {
  show(stored: KubeObject): KubeObject;
  store(shown: KubeObject): KubeObject;
}

/** Field of events.k8s.io/v1, and its name in the core group. */
const FIELDS: [string, string][] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['reportingController', 'reportingComponent'],
];

function rename(object: KubeObject, apiVersion: string, names: [string, string][]): KubeObject {
  const known = new Map(names);
  const entries = Object.entries(object).map(([name, value]): [string, unknown] => [known.get(name) ?? name, value]);
  return { ...(Object.fromEntries(entries) as KubeObject), apiVersion };
}

/** The Events of the core group, which are stored as those of events.k8s.io/v1. */
export const coreEvents: View = {
  show(stored) {
    const shown = rename(stored, 'v1', FIELDS);
    const none: Fields = { source: {}, firstTimestamp: null, lastTimestamp: null };
    return { ...none, ...shown, involvedObject: asFields(shown['involvedObject']) };
  },
  store: (shown) =>
    rename(
      shown,
      resources.events.apiVersion,
      FIELDS.map(([stored, core]) => [core, stored]),
    ),
};
