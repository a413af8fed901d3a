# row: E5
# tries: values that JSON does not have, and duplicate keys
# expect: ok
# result-text: {"1":"number","1":"text","list":[null,null,null],"big":1e+308}
return {1: "number", "1": "text", "list": [float("nan"), float("inf"), -1e400], "big": 1e308}
