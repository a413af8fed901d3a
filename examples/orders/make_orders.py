# Makes orders.json, always the same one:
#     python3 examples/orders/make_orders.py > examples/orders/orders.json
"""A year of a small shop: 3,000 orders with seasons, regular customers and a few returns."""

import json
import random
import sys
from datetime import datetime, timedelta, timezone

ORDERS = 3000
YEAR = datetime(2025, 1, 1, tzinfo=timezone.utc)
COUNTRIES = {"DE": 30, "FR": 18, "NL": 14, "PL": 12, "ES": 9, "IT": 8, "SE": 5, "PT": 4}
PRODUCTS = {
    "TEA-ASSAM-250": 8.9,
    "TEA-SENCHA-100": 12.5,
    "TEA-EARL-GREY-500": 15.0,
    "COFFEE-HOUSE-1000": 21.9,
    "COFFEE-DECAF-500": 13.4,
    "MUG-STONEWARE": 14.0,
    "POT-CAST-IRON": 64.0,
    "FILTER-PAPER-100": 3.2,
    "GRINDER-HAND": 89.5,
    "SAMPLER-WINTER": 29.9,
}
FIRST_NAMES = "Ada Bram Chloé Dana Emil Fatma Greta Hugo Inês Jan Kasia Léa Milan Nora Olek Paula Quentin Rosa Sven Tomás"
LAST_NAMES = "Almeida Berg Castro Dubois Eriksson Fischer García Haas Ito Jansen Kowalska Lund Moreau Novák Oliveira"


def season(day):
    """Orders per day relative to an ordinary one: quiet summers, busy weeks before Christmas."""
    if day.month in (7, 8):
        return 0.6
    if (day.month, day.day) >= (11, 20) and (day.month, day.day) <= (12, 20):
        return 2.4
    return 1.0


def main():
    draw = random.Random(20250101)
    names = [f"{first} {last}" for first in FIRST_NAMES.split() for last in LAST_NAMES.split()]
    draw.shuffle(names)
    countries = draw.choices(list(COUNTRIES), weights=COUNTRIES.values(), k=len(names))
    # A few regular customers order often; most order once or twice.
    loyalty = [draw.paretovariate(1.3) for _ in names]
    days = [YEAR + timedelta(days=number) for number in range(365)]
    placed = draw.choices(days, weights=[season(day) for day in days], k=ORDERS)
    times = sorted(day + timedelta(seconds=draw.randrange(6 * 3600, 23 * 3600)) for day in placed)
    lines = []
    for number, time in enumerate(times, start=1):
        customer = draw.choices(range(len(names)), weights=loyalty)[0]
        chosen = draw.sample(list(PRODUCTS), k=draw.choices([1, 2, 3, 4], weights=[50, 30, 15, 5])[0])
        items = [
            {"sku": sku, "quantity": draw.choices([1, 2, 3, 6, -1], weights=[70, 18, 6, 4, 2])[0], "price": PRODUCTS[sku]}
            for sku in chosen
        ]
        order = {
            "id": f"A{number:05}",
            "customer": names[customer],
            "country": countries[customer],
            "items": items,
            "placed_at": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        lines.append(json.dumps(order, ensure_ascii=False, separators=(",", ":")))
    sys.stdout.write('{"orders":[\n' + ",\n".join(lines) + "\n]}\n")


main()
