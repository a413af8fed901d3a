# row: E6
# tries: a dictionary that changes while it is written
# expect: ok or RUNTIME_ERROR
class Odd(dict):
    reads = 0

    def items(self):
        Odd.reads += 1
        yield "reads", Odd.reads
        self.clear()
        yield "more", self

    def __len__(self):
        return 1 << 60


return Odd(one=1)
