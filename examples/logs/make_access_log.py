# Makes access_log.json, always the same one:
#     python3 examples/logs/make_access_log.py > examples/logs/access_log.json
"""An hour of a web server: ordinary readers, a slow report, a failing deployment, and someone who tries doors."""

import json
import random
import sys
from datetime import datetime, timedelta, timezone

START = datetime(2025, 10, 14, 9, 0, tzinfo=timezone.utc)
PAGES = ["/", "/products", "/products/17", "/products/42", "/cart", "/api/orders", "/api/stock", "/static/app.js"]
DOORS = ["/.env", "/wp-login.php", "/admin", "/phpmyadmin/", "/.git/config", "/api/../../etc/passwd"]
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (iPhone)", "curl/8.9.1"]


def line(draw, time, client, path, status, milliseconds):
    """The common log format with the agent and the time that the answer took."""
    size = draw.randrange(200, 40000) if status == 200 else draw.randrange(90, 400)
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000")
    agent = "masscan/1.3" if path in DOORS else draw.choice(AGENTS)
    return f'{client} - - [{stamp}] "GET {path} HTTP/1.1" {status} {size} "-" "{agent}" {milliseconds}ms'


def main():
    draw = random.Random(9)
    clients = [f"198.51.100.{draw.randrange(1, 250)}" for _ in range(40)]
    lines = []
    for number in range(900):
        time = START + timedelta(seconds=number * 4 + draw.randrange(4))
        path = draw.choice(PAGES)
        status, milliseconds = 200, int(draw.lognormvariate(3, 0.6))
        if path == "/api/orders" and 30 <= time.minute < 36:
            status, milliseconds = 502, 30000 if draw.random() < 0.3 else 12
        elif path == "/products/17" and draw.random() < 0.2:
            status = 404
        elif path == "/api/stock":
            milliseconds += 900
        lines.append(line(draw, time, draw.choice(clients), path, status, milliseconds))
        if time.minute == 47 and number % 2:
            lines.append(line(draw, time, "203.0.113.66", draw.choice(DOORS), draw.choice([403, 404]), 2))
    lines.insert(400, "2025/10/14 09:26:41 [error] worker process 311 exited on signal 9")
    sys.stdout.write(json.dumps({"lines": lines}, indent=0) + "\n")


main()
