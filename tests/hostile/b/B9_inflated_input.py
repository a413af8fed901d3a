# row: B9
# tries: a few kilobytes of gzip that inflate to gibibytes
# expect: MEMORY_ERROR
import gzip

return len(gzip.decompress(gzip.compress(bytes(8 << 20)) * 400))
