import type { KubeObject } from '../../kube/object.ts';
import type { Problem } from './failures.ts';

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)?$/;
const MAX_NAME = 253;
const MAX_LABEL = 63;

function labelProblems(labels: Record<string, string> | undefined, path: string): Problem[] {
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

/** What is wrong with the name and the labels. */
export function metadataProblems(object: KubeObject): Problem[] {
  const { name, labels } = object.metadata;
  const problems = labelProblems(labels, 'metadata.labels');
  if (name.length > MAX_NAME || !NAME.test(name)) {
    const message = `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`;
    problems.unshift({ path: 'metadata.name', message });
  }
  return problems;
}
