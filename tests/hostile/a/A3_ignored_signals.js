// row: A3
// tries: to survive its time limit behind handlers that ignore every signal
// expect: TIMEOUT_ERROR
// timeout: 300ms
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGALRM', 'SIGXCPU', 'SIGQUIT', 'SIGUSR2']) {
  process.on(signal, () => {});
}
for (;;);
