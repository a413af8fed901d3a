// row: E5
// tries: values that JSON does not have, and text with lone surrogates
// expect: ok
// result-text: {"list":[null,null,null],"big":1e+308,"surrogate":"\ud800"}
return { list: [NaN, Infinity, -1e400], big: 1e308, surrogate: '\ud800' };
