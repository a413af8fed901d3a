// row: M3
// tries: to throw nothing at all
// expect: RUNTIME_ERROR
throw undefined;
