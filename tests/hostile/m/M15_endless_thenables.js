// row: M15
// tries: to return something thenable that leads to another one for ever
// expect: TIMEOUT_ERROR
// timeout: 400ms
const another = () => ({ then: (resolve) => resolve(another()) });
return another();
