// row: M11
// tries: to keep the event loop from ever turning with microtasks
// expect: TIMEOUT_ERROR
// timeout: 300ms
const again = () => queueMicrotask(again);
again();
await new Promise(() => {});
