// stockade run examples/orders/summary.js --inputs examples/orders/orders.json
//
// Revenue by country and month, and the customers who spend most: the same answer as summary.py.
// `orders` is a key of the inputs. What is printed goes to stderr; what is returned goes to stdout as JSON.

const TOP = 5;

// Money in whole cents: as binary fractions, three thousand prices would not add up to whole cents.
const cents = (order) => order.items.reduce((sum, item) => sum + Math.round(item.price * 100) * item.quantity, 0);
const add = (map, key, amount) => map.set(key, (map.get(key) ?? 0) + amount);
const total = (map) => [...map.values()].reduce((sum, amount) => sum + amount, 0);

const revenue = new Map();
const byCustomer = new Map();
let returned = 0;
for (const order of orders) {
  if (!revenue.has(order.country)) revenue.set(order.country, new Map());
  add(revenue.get(order.country), order.placed_at.slice(0, 7), cents(order));
  add(byCustomer, order.customer, cents(order));
  returned += order.items.filter((item) => item.quantity < 0).length;
}

const months = [...new Set(orders.map((order) => order.placed_at.slice(0, 7)))].sort();
const countries = [...revenue.keys()].sort((one, other) => total(revenue.get(other)) - total(revenue.get(one)));

console.log(`${orders.length} orders, ${returned} items returned\n`);
console.log(`       ${months.map((month) => month.slice(2).padStart(9)).join('')}`);
for (const country of countries) {
  const row = months.map((month) => ((revenue.get(country).get(month) ?? 0) / 100).toFixed(0).padStart(9));
  console.log(country.padEnd(7) + row.join(''));
}

return {
  revenue: Object.fromEntries(
    countries.map((country) => {
      const row = revenue.get(country);
      const byMonth = Object.fromEntries(months.map((month) => [month, (row.get(month) ?? 0) / 100]));
      return [country, { total: total(row) / 100, months: byMonth }];
    }),
  ),
  top_customers: [...byCustomer]
    .sort(([, one], [, other]) => other - one)
    .slice(0, TOP)
    .map(([customer, spent]) => ({ customer, spent: spent / 100 })),
};
