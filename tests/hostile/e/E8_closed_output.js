// row: E8
// tries: to close its output streams and return a result all the same
// expect: ok
// result: "quiet"
for (const descriptor of [0, 1, 2]) require('fs').closeSync(descriptor);
return 'quiet';
