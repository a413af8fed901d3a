# row: L10
# tries: a module that is not on the list
# expect: PERMISSION_ERROR
# message: Module 'socket' is not allowed. Allowed modules: json, math
# allow: json, math
import json
import math
import socket
