// row: H6
// tries: to keep its own end from ever being seen, by promises that never call back
// expect: ok or RUNTIME_ERROR
Promise.prototype.then = Promise.prototype.catch = Promise.prototype.finally = () => 'poison';
Object.prototype.then = () => 'poison';
return 1;
