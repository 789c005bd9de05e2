import { asFields, asList, asText, type Fields } from '../json.ts';
import type { Problem } from '../server/failures.ts';

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const PORT_NAME = /^(?=.*[a-z])[a-z0-9]([a-z0-9]|-(?!-)){0,13}[a-z0-9]?$/;
const MAX_PORT = 65_535;

function unsupported(path: string, value: unknown, allowed: string[]): Problem[] {
  if (allowed.includes(asText(value))) return [];
  const names = allowed.map((name) => JSON.stringify(name)).join(', ');
  return [{ path, message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${names}` }];
}

function portProblems(ports: unknown[], path: string): Problem[] {
  const names = new Set<unknown>();
  return ports.map(asFields).flatMap((port, index) => {
    const here = `${path}.ports[${index}]`;
    const { name, containerPort, protocol } = port;
    const problems: Problem[] = [];
    if (typeof name === 'string' && name !== '') {
      if (!PORT_NAME.test(name)) {
        problems.push({
          path: `${here}.name`,
          message: `Invalid value: "${name}": must contain only lower case letters, digits and hyphens`,
        });
      } else if (names.has(name)) problems.push({ path: `${here}.name`, message: `Duplicate value: "${name}"` });
      names.add(name);
    }
    if (!containerPort) problems.push({ path: `${here}.containerPort`, message: 'Required value' });
    else if (typeof containerPort === 'number' && (containerPort < 1 || containerPort > MAX_PORT)) {
      const message = `Invalid value: ${containerPort}: must be between 1 and 65535, inclusive`;
      problems.push({ path: `${here}.containerPort`, message });
    }
    return [...problems, ...unsupported(`${here}.protocol`, protocol, PROTOCOLS)];
  });
}

function envProblems(env: unknown[], path: string): Problem[] {
  return env.map(asFields).flatMap(({ name, value, valueFrom }, index): Problem[] => {
    const here = `${path}.env[${index}]`;
    const named = typeof name === 'string' && name !== '';
    return [
      ...(named ? [] : [{ path: `${here}.name`, message: 'Required value' }]),
      ...(valueFrom !== undefined && value !== undefined && value !== ''
        ? [{ path: `${here}.valueFrom`, message: 'Invalid value: "": may not be specified when `value` is not empty' }]
        : []),
    ];
  });
}

function mountProblems(mounts: unknown[], volumes: unknown[], path: string): Problem[] {
  const known = volumes.map((volume) => asFields(volume)['name']);
  const places = new Set<unknown>();
  return mounts.map(asFields).flatMap(({ name, mountPath }, index): Problem[] => {
    const here = `${path}.volumeMounts[${index}]`;
    const problems: Problem[] = [];
    if (!name) problems.push({ path: `${here}.name`, message: 'Required value' });
    else if (!known.includes(name))
      problems.push({ path: `${here}.name`, message: `Not found: ${JSON.stringify(name)}` });
    if (!mountPath) problems.push({ path: `${here}.mountPath`, message: 'Required value' });
    else if (places.has(mountPath)) {
      problems.push({
        path: `${here}.mountPath`,
        message: `Invalid value: ${JSON.stringify(mountPath)}: must be unique`,
      });
    }
    places.add(mountPath);
    return problems;
  });
}

/** What is wrong with the parts of one container. */
export function containerPartProblems(container: Fields, podSpec: Fields, path: string): Problem[] {
  return [
    ...unsupported(`${path}.imagePullPolicy`, container['imagePullPolicy'], PULL_POLICIES),
    ...portProblems(asList(container['ports']), path),
    ...envProblems(asList(container['env']), path),
    ...mountProblems(asList(container['volumeMounts']), asList(podSpec['volumes']), path),
  ];
}
