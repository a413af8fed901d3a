# row: L4
# tries: forbidden names that are only built at run time
# expect: ok
# result: {"same": true, "uid": false, "files": []}
import functools
import operator

reach = operator.attrgetter("__glob" + "als__")
run = functools.partial(getattr(__builtins__, chr(101) + "xec") if not isinstance(__builtins__, dict) else __builtins__["exec"])
scope = {}
run("".join(map(chr, b"import os\nuid = os.getuid()\nfiles = [n for n in os.listdir('/tmp')]")), scope)


@operator.attrgetter("__mr" + "o__")
class Odd:
    pass


match operator:
    case object(attrgetter=found):
        pass
return {"same": reach(lambda: 0) is globals() and found is operator.attrgetter and object in Odd, "uid": scope["uid"] == 0, "files": scope["files"]}
