// row: E5
// tries: a result that the language still serialises and that readers of JSON choke on
// expect: RUNTIME_ERROR
let value = [];
for (let level = 0; level < 900; level += 1) value = [value];
return value;
