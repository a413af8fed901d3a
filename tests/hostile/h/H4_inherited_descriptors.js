// row: H4
// tries: to leave words for the next task in pipes that the interpreter has opened before both were forked
// expect: ok
// result: []
// roles: A then B
const fs = require('fs');
const found = [];
for (let descriptor = 4; descriptor < 1024; descriptor++) {
  try {
    if (!fs.fstatSync(descriptor).isFIFO()) {
      continue;
    }
    if (role === 'A') {
      fs.writeSync(descriptor, `secret of ${descriptor}`);
    } else {
      const buffer = Buffer.alloc(64);
      found.push(buffer.toString('latin1', 0, fs.readSync(descriptor, buffer)));
    }
  } catch {
    // Closed, the other end of a pipe, or an empty one.
  }
}
return found.filter((text) => text.includes('secret'));
