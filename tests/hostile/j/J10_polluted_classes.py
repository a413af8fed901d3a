# row: J10
# tries: to leave changed classes and modules for the next task
# expect: ok
# result: []
import collections
import datetime
import json
import random

things = [collections.UserDict, collections, datetime, json.JSONEncoder, json, random.Random, random]
found = [repr(thing) for thing in things if hasattr(thing, "polluted")]
for thing in things:
    thing.polluted = True
return found
