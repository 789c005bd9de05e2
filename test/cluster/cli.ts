import { build } from './build.ts';
import { ClusterError } from './cluster-error.ts';
import { buildImages, bundleShop, imageNames, saveImages } from './images.ts';
import { insideCommand, kubectlPath } from './kubectl.ts';
import { importImages } from './load-image.ts';
import { networkExists } from './network.ts';
import { kubeconfigPath, prometheusUrl, type User } from './paths.ts';
import { missingPackages, requireRoot } from './preflight.ts';
import { isAlive, recorded } from './process.ts';
import { tryRun } from './run.ts';
import { down, missingComponents, up } from './up.ts';

const help = `A real one-node Kubernetes on this machine, without Docker.

  npm run cluster -- build                 compile what is missing (the first time about 8 minutes on 2 cores)
  npm run cluster -- up                    build, then start; does nothing when it is up
  npm run cluster -- down                  end it and remove what it made
  npm run cluster -- status                what runs, and where
  npm run cluster -- load [NAME ...]       build and import the images (shop, operator; both when none is named)
  npm run cluster -- save FILE.tar [NAME ...]  the same images as a file, for docker load or kind
  npm run cluster -- packages              the Debian packages that are missing here
  npm run cluster -- bundle                the test application as files in .state/images/shop, for docker build
  npm run cluster -- kubectl [--as-alice] ARGS ...
  npm run cluster -- exec PROGRAM ARGS ... run a program in the cluster's network namespace`;

function status(): number {
  if (!networkExists()) {
    console.log('down');
    return 1;
  }
  for (const entry of recorded())
    console.log(`${entry.name.padEnd(24)} ${isAlive(entry) ? `pid ${entry.pid}` : 'ended'}`);
  const missing = missingComponents();
  console.log(missing.length === 0 ? 'up' : `not whole: ${missing.join(', ')} ended or was never started`);
  console.log(`kubeconfig ${kubeconfigPath('admin')}, Prometheus ${prometheusUrl}, both inside the network namespace`);
  return missing.length === 0 ? 0 : 1;
}

function requireUp(): void {
  if (!networkExists()) throw new ClusterError('the cluster is down; start it with: npm run cluster -- up');
}

function exec(program: string, args: string[]): number {
  requireUp();
  const result = tryRun(...insideCommand(program, args), { show: true });
  if (result.stderr) console.error(result.stderr);
  return result.status;
}

function kubectl(args: string[]): number {
  const user: User = args[0] === '--as-alice' ? 'alice' : 'admin';
  return exec(kubectlPath, ['--kubeconfig', kubeconfigPath(user), ...(user === 'alice' ? args.slice(1) : args)]);
}

function imagesNamed(args: string[]) {
  const unknown = args.filter((arg) => !imageNames.some((name) => name === arg));
  if (unknown.length > 0)
    throw new ClusterError(`no such image: ${unknown.join(', ')}; there are ${imageNames.join(' and ')}`);
  return args.length === 0 ? imageNames : imageNames.filter((name) => args.includes(name));
}

async function load(args: string[]): Promise<number> {
  requireUp();
  const images = await buildImages(imagesNamed(args));
  importImages(images);
  console.log(`load: ${images.flatMap((image) => image.tags).join(' ')}`);
  return 0;
}

async function main([command, ...args]: string[]): Promise<number> {
  switch (command) {
    case 'build':
      await build();
      return 0;
    case 'up':
      requireRoot();
      await build();
      await up();
      return 0;
    case 'down':
      await down();
      return 0;
    case 'status':
      return status();
    case 'load':
      return load(args);
    case 'packages':
      console.log(missingPackages().join(' '));
      return 0;
    case 'bundle':
      await bundleShop();
      return 0;
    case 'save':
      if (args[0] === undefined)
        throw new ClusterError('save: to which file? npm run cluster -- save FILE.tar [NAME ...]');
      await saveImages(imagesNamed(args.slice(1)), args[0]);
      return 0;
    case 'kubectl':
      return kubectl(args);
    case 'exec':
      if (args[0] === undefined)
        throw new ClusterError('exec: which program? npm run cluster -- exec PROGRAM ARGS ...');
      return exec(args[0], args.slice(1));
    default:
      console.log(help);
      return command === undefined || command === 'help' ? 0 : 2;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`cluster: ${error.message}`);
  process.exitCode = 1;
}
