// row: E6
// tries: to answer differently when it is read a second time
// expect: ok
// result: {"reads": 1}
let reads = 0;
return { get reads() { reads += 1; return reads; } };
