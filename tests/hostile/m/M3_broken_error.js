// row: M3
// tries: to confuse the report of its own error
// expect: RUNTIME_ERROR
Error.prepareStackTrace = () => {
  throw new Error('again');
};
const error = new Error('first');
Object.defineProperty(error, 'stack', { get() { throw error; } });
Object.defineProperty(error, 'message', { get() { return { toString() { throw error; } }; } });
Object.defineProperty(error, 'name', { value: Symbol('name') });
throw error;
