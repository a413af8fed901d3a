// stockade run examples/logs/access_log.js --inputs examples/logs/access_log.json --timeout 5 | jq .
//
// Reads an access log: which minutes failed, which paths are slow, and who tries doors. `lines` is a key of the inputs.

const LINE = /^(?<client>\S+) \S+ \S+ \[(?<time>[^\]]+)\] "(?<method>\S+) (?<path>\S+) [^"]*" (?<status>\d{3}) \d+ "[^"]*" "(?<agent>[^"]*)" (?<took>\d+)ms$/;
const DOORS = /^\/(\.|admin|phpmyadmin|wp-)|\.\./;

const requests = [];
for (const [number, line] of lines.entries()) {
  const found = LINE.exec(line);
  if (found) requests.push({ ...found.groups, status: Number(found.groups.status), took: Number(found.groups.took) });
  else console.warn(`line ${number + 1} is not a request: ${line}`);
}

const grouped = (list, key) => Object.entries(Object.groupBy?.(list, key) ?? groupByHand(list, key));

// Object.groupBy came with Node.js 21.
function groupByHand(list, key) {
  const groups = {};
  for (const value of list) (groups[key(value)] ??= []).push(value);
  return groups;
}

function percentile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const failed = requests.filter(({ status }) => status >= 500);
const doors = requests.filter(({ path }) => DOORS.test(path));

return {
  requests: requests.length,
  statuses: Object.fromEntries(grouped(requests, ({ status }) => status).map(([status, list]) => [status, list.length])),
  failing_minutes: grouped(failed, ({ time }) => time.slice(12, 17)).map(([minute, list]) => ({ minute, failed: list.length })),
  slowest_paths: grouped(requests, ({ path }) => path)
    .map(([path, list]) => ({ path, p95_ms: percentile(list.map(({ took }) => took), 0.95) }))
    .sort((one, other) => other.p95_ms - one.p95_ms)
    .slice(0, 3),
  knocking: grouped(doors, ({ client }) => client).map(([client, list]) => ({
    client,
    tries: list.length,
    paths: [...new Set(list.map(({ path }) => path))].sort(),
  })),
};
