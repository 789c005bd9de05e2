/** An image as a container names it, with what is left out filled in as the container runtime does. */
export interface ImageReference {
  /** Host, with a port where one is given: `registry.example:5000`, `docker.io`. */
  registry: string;
  repository: string;
  tag?: string;
  digest?: string;
}

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const pattern = new RegExp(
  `^(?:([A-Za-z0-9.-]+(?::\\d+)?|\\[[0-9a-fA-F:]+\\](?::\\d+)?)/)?(${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?$`,
);

/**
 * Reads a reference such as `shop/checkout:1.42.0`. The first part is a host only with a dot, a port, or as `localhost`;
 * otherwise the image is of docker.io. Returns undefined for what is no reference.
 */
export function parseImage(text: string): ImageReference | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, first, rest = '', tag, digest] = match;
  const isHost = first !== undefined && /[.:]|^localhost$/.test(first);
  if (first !== undefined && !isHost && /[A-Z]/.test(first)) return undefined;
  const where = isHost
    ? { registry: first, repository: rest }
    : onDockerHub(first === undefined ? rest : `${first}/${rest}`);
  if (digest !== undefined) return { ...where, ...(tag === undefined ? {} : { tag }), digest };
  return { ...where, tag: tag ?? 'latest' };
}

function onDockerHub(path: string): { registry: string; repository: string } {
  return { registry: 'docker.io', repository: path.includes('/') ? path : `library/${path}` };
}

/** Where a registry answers. Plain HTTP on this machine's own addresses, as container runtimes do; HTTPS elsewhere. */
export function registryUrl(registry: string): string {
  if (registry === 'docker.io' || registry === 'index.docker.io') return 'https://registry-1.docker.io';
  const host = registry.replace(/:\d+$/, '');
  const isLocal = host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
  return `${isLocal ? 'http' : 'https'}://${registry}`;
}
