"""The Python harness of Stockade: what runs inside the walls, around the user's code.

A zygote (`start`) warms the interpreter and then waits inside the native library, which forks workers. A worker
(`worker`) lives for one task: it gets new randomness (`reseed`), rehearses a task so that the copy-on-write faults
are paid before a task arrives (`warmup`), reads its task (`task`, over `frames`), runs it in the mode the task asks
for (`code_mode`, `n8n`), and ends with exactly one RESULT or ERROR.

What the modes share: `source` compiles the user's text, `imports` guards what it may import, `encode` and `explain`
turn its value into JSON, `large` does so for large ones with the native library, `failures` and `stacks` turn its
exception into a typed error, `aftermath` takes the interpreter back from user code that has ended, `streams` holds
stdout and stderr.

User code shares this process, so nothing here is a security boundary; the walls are. The harness only sees to it
that a task ends with one clear answer whatever the code did to the interpreter.
"""
