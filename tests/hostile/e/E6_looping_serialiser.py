# row: E6
# tries: to loop for ever in the middle of serialisation
# expect: TIMEOUT_ERROR
# timeout: 300ms
class Loop:
    def __str__(self):
        while True:
            pass

    tolist = item = to_dict = __repr__ = __str__


return {"value": Loop()}
