// row: M15
// tries: to return something thenable that settles more than once, and changes its mind
// expect: ok
// result: "first"
return {
  then(resolve, reject) {
    resolve('first');
    resolve('second');
    reject(new Error('third'));
    throw new Error('fourth');
  },
};
