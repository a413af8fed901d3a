// row: C16
// tries: to leave with all hooks passed by, as if all were well
// expect: ok or RUNTIME_ERROR
process.reallyExit(0);
