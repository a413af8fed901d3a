// row: B10
// tries: to exhaust the kernel's objects through what Node.js offers: descriptors, watches, timers
// expect: ok
// result: ["EMFILE"]
const fs = require('fs');
const reasons = new Set();
for (const make of [() => fs.openSync('/dev/null'), () => fs.openSync('/tmp/file', 'w')]) {
  try {
    for (let count = 0; count < 100_000; count += 1) make();
  } catch (error) {
    reasons.add(error.code);
  }
}
for (let count = 0; count < 100_000; count += 1) setTimeout(() => {}, 1e9);
return [...reasons];
