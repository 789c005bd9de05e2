'use strict';

// What has to be there before anything else is loaded. In words that every Node knows, however old: one that cannot
// parse this would answer with a stack.
const { existsSync } = require('fs');
const { join } = require('path');

const wanted = [20, 19];

/** What a person has to do first; undefined when all is there. */
function problem() {
  const version = process.versions.node;
  const [major, minor] = version.split('.').map(Number);
  if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
    return `Node ${wanted.join('.')} or newer is needed, this is ${version}`;
  }
  if (!existsSync(join(__dirname, '../node_modules/tsx/package.json'))) {
    return 'the packages it needs are not installed: run "npm ci" first';
  }
  return undefined;
}

const found = problem();
if (found !== undefined) {
  console.error(`${process.env.npm_lifecycle_event || 'demo'}: ${found}`);
  process.exit(1);
}
