// row: H12
// tries: to become a zygote itself: it calls the harness's native library once more
// expect: RUNTIME_ERROR
const module_ = { exports: {} };
process.dlopen(module_, '/stockade/native.so');
for (const call of Object.values(module_.exports)) call('{}');
for (;;);
