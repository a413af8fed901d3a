// row: E6
// tries: to loop for ever in the middle of serialisation
// expect: TIMEOUT_ERROR
// timeout: 300ms
return { toJSON() { for (;;); } };
