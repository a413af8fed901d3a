# row: L7
# tries: to have its result unpickled, or loaded as YAML, by whoever receives it
# expect: ok
# result: {"state": "text", "yaml": "!!python/object/apply:os.system ['id']"}
import pickle


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit(99)",))

    def __str__(self):
        return "text"


assert b"SystemExit" in pickle.dumps(Bomb())
return {"state": Bomb(), "yaml": "!!python/object/apply:os.system ['id']"}
