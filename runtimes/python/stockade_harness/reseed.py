"""New randomness for a worker.

Every worker is a copy of the zygote, so pseudo-random state that the zygote holds would repeat in every task. The
interpreter's own `random` is seeded anew by its fork hook; what follows has no such hook. Only modules the zygote has
loaded can hold such state, hence the look into `sys.modules` and no import.
"""

import sys


def reseed():
    """Give this process pseudo-random state that no other worker has."""
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile._name_sequence = None
    uuid = sys.modules.get("uuid")
    if uuid is not None:
        # The node of uuid1() is drawn at random where no network card can be read, and kept.
        uuid._node = None
        uuid._last_timestamp = None
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    torch_random = sys.modules.get("torch.random")
    if torch_random is not None:
        torch_random.seed()
