import { DemoError } from './options.ts';

/** Three to each connection of the load, which goes through a Service, both ends here; with room to spare. */
const filesNeeded = 512;

/** Throws DemoError where this process may not open as many files at once as the demo has connections. */
export function checkOpenFiles(most: number | 'unlimited' = openFiles()): void {
  if (most === 'unlimited' || most >= filesNeeded) return;
  throw new DemoError(
    `only ${most} files may be open at once and ${filesNeeded} are needed: raise the limit (ulimit -n)`,
  );
}

/** Node has raised its own limit as far as it may. */
function openFiles(): number | 'unlimited' {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | 'unlimited' } } };
  return report.userLimits?.open_files?.soft ?? 'unlimited';
}
