import { createHash } from 'node:crypto';

/** One member of an archive. Times and owners are left out on purpose: the same content gives the same bytes. */
export type TarEntry =
  | { path: string; type: 'file'; data: Buffer; mode: number }
  | { path: string; type: 'directory'; mode: number }
  | { path: string; type: 'link'; target: string };

const block = 512;

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

/** Paths of up to 255 bytes are split into prefix and name, as the ustar format asks. */
function splitPath(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155 && name !== '') return { name, prefix };
  }
  throw new Error(`${path}: too long for a tar archive (100 bytes a name, 155 bytes the folders before it)`);
}

function header(entry: TarEntry): Buffer {
  const size = entry.type === 'file' ? entry.data.length : 0;
  const { name, prefix } = splitPath(entry.type === 'directory' ? `${entry.path}/` : entry.path);
  const target = entry.type === 'link' ? entry.target : '';
  if (Buffer.byteLength(target) > 100)
    throw new Error(`${entry.path}: the target of the link is longer than 100 bytes`);
  const bytes = Buffer.alloc(block);
  bytes.write(name, 0);
  bytes.write(octal(entry.type === 'link' ? 0o777 : entry.mode, 8), 100);
  bytes.write(octal(0, 8), 108);
  bytes.write(octal(0, 8), 116);
  bytes.write(octal(size, 12), 124);
  bytes.write(octal(0, 12), 136);
  bytes.write('        ', 148);
  bytes.write({ file: '0', link: '2', directory: '5' }[entry.type], 156);
  bytes.write(target, 157);
  bytes.write('ustar\0', 257);
  bytes.write('00', 263);
  bytes.write(prefix, 345);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

/** A POSIX (ustar) archive of the entries in the order given. Throws when a path or a link does not fit the format. */
export function tar(entries: TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    if (entry.type !== 'file') return [header(entry)];
    const padding = (block - (entry.data.length % block)) % block;
    return [header(entry), entry.data, Buffer.alloc(padding)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

export function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
