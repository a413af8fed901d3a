// row: E6
// tries: to throw out of the middle of serialisation
// expect: RUNTIME_ERROR
// message: from the middle
return { first: 1, get second() { throw new Error('from the middle'); } };
