'use strict';

// A node's parameters as its type describes them. n8n stores only what differs from the default, so the description
// of the type is needed to tell what a node really works with.

/** The description that belongs to a node, among those that n8n sent. */
function descriptionOf(node, nodeTypes) {
  return nodeTypes.find(({ name, version }) => {
    return name === node.type && (Array.isArray(version) ? version.includes(node.typeVersion) : version === node.typeVersion);
  });
}

function describedParameters(node, nodeTypes) {
  const stored = node.parameters ?? {};
  const description = descriptionOf(node, nodeTypes);
  if (!description?.properties) return stored;
  // A default can decide whether another parameter is shown, wherever that one stands: so until nothing changes.
  const values = { ...stored };
  const shown = new Set();
  let grew = true;
  while (grew) {
    grew = false;
    for (const property of description.properties) {
      if (shown.has(property.name) || !isShown(property, values, node)) continue;
      shown.add(property.name);
      grew = true;
      if (values[property.name] === undefined && property.default !== undefined) values[property.name] = property.default;
    }
  }
  return Object.fromEntries(Object.entries(values).filter(([name]) => shown.has(name)));
}

function isShown({ displayOptions }, values, node) {
  const isMet = ([key, expected]) => matches(expected, key === '@version' ? node.typeVersion : valueAt(values, key));
  const { show = {}, hide = {} } = displayOptions ?? {};
  return Object.entries(show).every(isMet) && !Object.entries(hide).some(isMet);
}

function valueAt(values, path) {
  return path.replace(/^\//, '').split('.').reduce((value, name) => value?.[name], values);
}

function matches(expected, actual) {
  const candidates = Array.isArray(actual) ? actual : [actual];
  return expected.some((wanted) => candidates.some((candidate) => (wanted?._cnd ? meets(wanted._cnd, candidate) : wanted === candidate)));
}

const CONDITIONS = {
  __proto__: null,
  eq: (actual, wanted) => actual === wanted,
  not: (actual, wanted) => actual !== wanted,
  gte: (actual, wanted) => actual >= wanted,
  lte: (actual, wanted) => actual <= wanted,
  gt: (actual, wanted) => actual > wanted,
  lt: (actual, wanted) => actual < wanted,
  between: (actual, { from, to }) => actual >= from && actual <= to,
  startsWith: (actual, wanted) => String(actual).startsWith(wanted),
  endsWith: (actual, wanted) => String(actual).endsWith(wanted),
  includes: (actual, wanted) => String(actual).includes(wanted),
  regex: (actual, wanted) => new RegExp(wanted).test(String(actual)),
  exists: (actual) => actual !== undefined && actual !== null && actual !== '',
};

function meets(condition, actual) {
  return Object.entries(condition).every(([name, wanted]) => CONDITIONS[name]?.(actual, wanted) ?? false);
}

module.exports = { describedParameters };
