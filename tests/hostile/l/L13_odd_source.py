# row: L13
# tries: source that is odd from within: huge literals, nested code, form feeds, other encodings
# expect: ok
# result: [100000, "SyntaxError", "ok", "SyntaxError", "SyntaxError"]
def outcome(text):
    try:
        exec(compile(text, "own", "exec"), {})
        return "ok"
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        return "SyntaxError" if not isinstance(error, SyntaxError) or error else ""


return [
    len(eval("'" + "x" * 100_000 + "'")),
    outcome("(" * 100_000 + ")" * 100_000),
    outcome("\f\n# coding: latin-1\nx = 1"),
    outcome("x = 1\0y = 2"),
    outcome("\ufeffx = 1"),
]
