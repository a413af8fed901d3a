// row: E5
// tries: a result that holds itself
// expect: RUNTIME_ERROR
const value = {};
value.value = [value];
return value;
