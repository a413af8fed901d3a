// row: C6
// tries: to kill its parent, process 1, its process group, and every process that there is
// expect: ok
// result: "still here"
for (const signal of ['SIGTERM', 'SIGSTOP', 'SIGKILL']) {
  for (const target of [process.ppid, 1, 0, -1]) {
    try {
      process.kill(target, signal);
    } catch {
      // Nobody else is there.
    }
  }
}
return 'still here';
