# row: E5
# tries: text that has no form in UTF-8
# expect: RUNTIME_ERROR
# message: lone surrogate
return {"surrogate": "\ud800"}
