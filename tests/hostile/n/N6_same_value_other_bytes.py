# row: N6
# tries: results that differ only in the order of keys, the form of numbers and the form of characters
# expect: ok
# result-text: {"b":1.0,"a":1,"c":10000000000.0,"d":"é","e":"é"}
return {"b": 1.0, "a": 1, "c": 1e10, "d": "\u00e9", "e": "e\u0301"}
