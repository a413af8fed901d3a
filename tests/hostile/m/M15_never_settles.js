// row: M15
// tries: to return something thenable that never settles, with timers that keep the loop alive
// expect: TIMEOUT_ERROR
// timeout: 400ms
setInterval(() => {}, 50);
return { then() {} };
