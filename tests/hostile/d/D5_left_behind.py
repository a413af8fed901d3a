# row: D5
# tries: to leave files in every place that the world can write to, and looks for those of the task before
# expect: ok
# result: []
import os

places = ["/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/run", "/dev/mqueue", "/", "/usr/tmp", "/stockade", "/task"]
found = [place for place in places if os.path.lexists(place + "/left-behind")]
for place in places:
    try:
        with open(place + "/left-behind", "w") as file:
            file.write("here I was")
    except OSError:
        pass
return found
