// row: E5
// tries: a result of a hundred thousand nested lists
// expect: RUNTIME_ERROR
let value = [];
for (let level = 0; level < 100_000; level += 1) value = [value];
return value;
