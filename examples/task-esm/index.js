// stockade task examples/task-esm --json -- 30
//
// A task directory with ES modules: `import`, top-level `await`, and a neighbour file.

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { primes } from './primes.js';

const count = Number(process.argv[2] ?? 10);
if (!Number.isInteger(count) || count < 1) {
  console.error('give the number of primes after `--`');
  process.exit(2);
}

await sleep(10);
const found = primes(count);
console.log(found.join(' '));
console.log('sha256', createHash('sha256').update(found.join()).digest('hex').slice(0, 16));
