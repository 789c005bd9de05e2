import './preflight.cjs';

const { main } = await import('./demo/main.ts');
process.exit(await main(process.argv.slice(2)));
