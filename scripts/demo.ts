const wanted = [20, 19];

/** Before anything is loaded that an older Node would not even parse. */
function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < (wanted[0] ?? 0) || (major === wanted[0] && minor < (wanted[1] ?? 0));
}

if (isTooOld(process.versions.node)) {
  console.error(`demo: Node ${wanted.join('.')} or newer is needed, this is ${process.versions.node}`);
  process.exit(1);
}
const { main } = await import('./demo/main.ts');
process.exit(await main(process.argv.slice(2)));
