import { canonicalQuantity } from '../../lib/quantity.ts';
import { asFields, asList, ensure, type Fields, isFields, setDefault } from '../json.ts';

const FILE_MODE = 0o644;

function defaultProbe(probe: unknown): void {
  if (!isFields(probe)) return;
  if (isFields(probe['httpGet'])) {
    setDefault(probe['httpGet'], 'path', '/');
    setDefault(probe['httpGet'], 'scheme', 'HTTP');
  }
  if (isFields(probe['grpc'])) setDefault(probe['grpc'], 'service', '');
  setDefault(probe, 'timeoutSeconds', 1);
  setDefault(probe, 'periodSeconds', 10);
  setDefault(probe, 'successThreshold', 1);
  setDefault(probe, 'failureThreshold', 3);
}

function defaultResources(container: Fields): void {
  const given = ensure(container, 'resources');
  for (const kind of ['limits', 'requests']) {
    const list = given[kind];
    if (!isFields(list)) continue;
    for (const [name, quantity] of Object.entries(list)) list[name] = canonicalQuantity(quantity);
  }
}

/** `Always` for an image without a tag or with `latest`. */
function pullPolicy(image: unknown): string {
  if (typeof image !== 'string' || image.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultEnv(container: Fields): void {
  for (const entry of asList(container['env'])) {
    if (!isFields(entry)) continue;
    if (entry['value'] === '') delete entry['value'];
    const field = asFields(entry['valueFrom'])['fieldRef'];
    if (isFields(field)) setDefault(field, 'apiVersion', 'v1');
  }
}

function defaultContainer(container: unknown, hostNetwork: boolean): void {
  if (!isFields(container)) return;
  defaultResources(container);
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  setDefault(container, 'imagePullPolicy', pullPolicy(container['image']));
  defaultEnv(container);
  for (const port of asList(container['ports'])) {
    if (!isFields(port)) continue;
    setDefault(port, 'protocol', 'TCP');
    if (hostNetwork) setDefault(port, 'hostPort', port['containerPort']);
  }
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) defaultProbe(container[probe]);
}

function defaultVolume(volume: unknown): void {
  if (!isFields(volume)) return;
  for (const source of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    const given = volume[source];
    if (isFields(given)) setDefault(given, 'defaultMode', FILE_MODE);
  }
  for (const source of asList(asFields(volume['projected'])['sources'])) {
    const token = asFields(source)['serviceAccountToken'];
    if (isFields(token)) setDefault(token, 'expirationSeconds', 3600);
  }
  if (isFields(volume['hostPath'])) setDefault(volume['hostPath'], 'type', '');
  if (Object.keys(volume).length === 1) volume['emptyDir'] = {};
}

/** The defaults that the API server writes into a pod's spec, in templates too. */
export function defaultPodSpec(spec: Fields): void {
  const hostNetwork = spec['hostNetwork'] === true;
  for (const list of ['initContainers', 'containers']) {
    for (const container of asList(spec[list])) defaultContainer(container, hostNetwork);
  }
  for (const volume of asList(spec['volumes'])) defaultVolume(volume);
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  ensure(spec, 'securityContext');
  setDefault(spec, 'schedulerName', 'default-scheduler');
  setDefault(spec, 'serviceAccountName', spec['serviceAccount']);
  setDefault(spec, 'serviceAccount', spec['serviceAccountName']);
}

/** As `defaultPodSpec`, with what only a pod of its own gets: admission's service account and the requests from limits. */
export function defaultPod(spec: Fields): void {
  defaultPodSpec(spec);
  setDefault(spec, 'serviceAccountName', 'default');
  setDefault(spec, 'serviceAccount', spec['serviceAccountName']);
  setDefault(spec, 'enableServiceLinks', true);
  setDefault(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  setDefault(spec, 'priority', 0);
  for (const container of [...asList(spec['initContainers']), ...asList(spec['containers'])]) {
    const given = asFields(asFields(container)['resources']);
    if (!isFields(given['limits'])) continue;
    const requests = ensure(given, 'requests');
    for (const [name, quantity] of Object.entries(given['limits'])) setDefault(requests, name, quantity);
  }
}
