# stockade run examples/orders/summary.py --inputs examples/orders/orders.json
"""Revenue by country and month, and the customers who spend most.

`orders` is a key of the inputs. What is printed goes to stderr; what is returned goes to stdout as JSON.
"""

from collections import Counter, defaultdict
from decimal import Decimal

TOP = 5

revenue = defaultdict(Counter)
by_customer = Counter()
returned = 0
for order in orders:
    # Prices are decimal numbers: as binary fractions, three thousand of them would not add up to whole cents.
    total = sum(Decimal(str(item["price"])) * item["quantity"] for item in order["items"])
    revenue[order["country"]][order["placed_at"][:7]] += total
    by_customer[order["customer"]] += total
    returned += sum(item["quantity"] < 0 for item in order["items"])

months = sorted({month for row in revenue.values() for month in row})
countries = sorted(revenue, key=lambda country: -sum(revenue[country].values()))

print(f"{len(orders)} orders, {returned} items returned\n")
print("       " + "".join(f"{month[2:]:>9}" for month in months))
for country in countries:
    print(f"{country:<7}" + "".join(f"{revenue[country][month]:>9.0f}" for month in months))

return {
    "revenue": {
        country: {"total": float(sum(revenue[country].values())), "months": {m: float(revenue[country][m]) for m in months}}
        for country in countries
    },
    "top_customers": [{"customer": name, "spent": float(spent)} for name, spent in by_customer.most_common(TOP)],
}
