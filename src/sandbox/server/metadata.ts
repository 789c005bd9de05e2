import type { KubeObject } from '../../kube/object.ts';
import { asList } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Problem } from './failures.ts';

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)?$/;
const MAX_NAME = 253;
const MAX_LABEL = 63;

/** What is wrong with the keys and values of labels. */
export function labelProblems(labels: Record<string, string> | undefined, path: string): Problem[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]): Problem[] => {
    const [name = '', prefix] = key.split('/').toReversed();
    if (!LABEL_VALUE.test(name) || name === '' || name.length > MAX_LABEL || prefix === '') {
      return [{ path, message: `Invalid value: "${key}": name part must consist of alphanumeric characters` }];
    }
    if (typeof value !== 'string') return [{ path, message: `Invalid value: ${JSON.stringify(value)}: no string` }];
    if (value.length > MAX_LABEL) {
      return [{ path, message: `Invalid value: "${value}": must be no more than 63 bytes` }];
    }
    if (LABEL_VALUE.test(value)) return [];
    return [{ path, message: `Invalid value: "${value}": a valid label must be an empty string or alphanumeric` }];
  });
}

const STANDARD_FINALIZERS = ['orphan', 'foregroundDeletion', 'kubernetes'];
const QUALIFIED = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;

/** Finalizers of Kubernetes' own kinds have to be standard ones or to say whose they are. */
function finalizerProblems(kind: Kind, finalizers: unknown[]): Problem[] {
  return finalizers.flatMap((finalizer, index): Problem[] => {
    const path = `metadata.finalizers[${index}]`;
    const value = JSON.stringify(finalizer);
    if (typeof finalizer !== 'string' || !QUALIFIED.test(finalizer)) {
      return [{ path, message: `Invalid value: ${value}: name part must consist of alphanumeric characters` }];
    }
    if (!kind.builtin || finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)) return [];
    return [
      { path, message: `Invalid value: ${value}: name is neither a standard finalizer name nor is it fully qualified` },
    ];
  });
}

function annotationProblems(annotations: Record<string, string> | undefined): Problem[] {
  return Object.keys(annotations ?? {})
    .filter((key) => !QUALIFIED.test(key.toLowerCase()))
    .map((key) => ({
      path: 'metadata.annotations',
      message: `Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters`,
    }));
}

/** What is wrong with the name, the labels, the annotations and the finalizers. */
export function metadataProblems(kind: Kind, object: KubeObject): Problem[] {
  const { name, labels } = object.metadata;
  const problems = [
    ...labelProblems(labels, 'metadata.labels'),
    ...annotationProblems(object.metadata.annotations),
    ...finalizerProblems(kind, asList(object.metadata['finalizers'])),
  ];
  if (name.length > MAX_NAME || !NAME.test(name)) {
    const message = `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`;
    problems.unshift({ path: 'metadata.name', message });
  }
  return problems;
}
