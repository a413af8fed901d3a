// row: E8
// tries: to close every descriptor, that of the result included, and go on for ever
// expect: RUNTIME_ERROR
const fs = require('fs');
for (let descriptor = 0; descriptor < 64; descriptor += 1) {
  try {
    fs.closeSync(descriptor);
  } catch {
    // Not open.
  }
}
for (;;);
