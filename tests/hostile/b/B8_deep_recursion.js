// row: B8
// tries: to exhaust the stack, in JavaScript and in native code that recurses
// expect: RUNTIME_ERROR
// message: call stack
let deep = [];
for (let level = 0; level < 500_000; level += 1) deep = [deep];
try {
  JSON.stringify(deep);
} catch (error) {
  if (!(error instanceof RangeError)) throw new Error('not a RangeError', { cause: error });
}
const recurse = () => recurse() + 1;
return recurse();
