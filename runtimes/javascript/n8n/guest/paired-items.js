'use strict';

// Walks from an item of the input back to the item of another node that it came from. Every item names the item of
// the run before it (`pairedItem`), and every run names the runs that it got its input from (`source`).

const { ExpressionError } = require('./errors');

/** A `pairedItem` can be an index, a link or a list of links. */
function linksOf(pairedItem) {
  const links = Array.isArray(pairedItem) ? pairedItem : [pairedItem];
  return links.map((link) => (typeof link === 'object' && link !== null ? link : { item: link }));
}

/**
 * The item of node `target` that `start` came from. `start` is `{ item, sources, nodeName }`: an item, where the node
 * that holds it got its input from, and that node's name. `method` is what the user called, for the messages.
 */
function pairedItemOf(execution, target, start, method, cursor) {
  execution.executedRunsOf(target, cursor);
  const found = new Set();
  const seen = new Set();
  const gaps = [];
  const open = [start];
  while (open.length > 0) {
    const { item, sources, nodeName } = open.pop();
    if (item.pairedItem === undefined || item.pairedItem === null) {
      gaps.push({ nodeName, isMissing: true });
      continue;
    }
    for (const link of linksOf(item.pairedItem)) {
      const source = link.sourceOverwrite ?? sources?.[link.input ?? 0];
      if (!source) continue;
      const run = execution.runsOf(source.previousNode)?.[source.previousNodeRun ?? 0];
      const before = run?.data?.main?.[source.previousNodeOutput ?? 0]?.[link.item];
      if (!before) gaps.push({ nodeName, isMissing: false });
      else if (source.previousNode === target) found.add(before);
      else if (!seen.has(before)) {
        seen.add(before);
        open.push({ item: before, sources: run.source, nodeName: source.previousNode });
      }
    }
  }
  if (found.size === 1) return found.values().next().value;
  throw found.size > 1 ? severalMatches(target, cursor) : noMatch(execution, target, gaps[0], method, cursor);
}

function severalMatches(target, cursor) {
  return new ExpressionError(
    'Multiple matches found',
    { ...cursor, nodeCause: target, descriptionKey: 'pairedItemMultipleMatches', type: 'paired_item_multiple_matches' },
    `There are several items of node '${target}' that this item came from. Use first(), last() or all()[index] to say which one is meant.`,
  );
}

function noMatch(execution, target, gap, method, cursor) {
  if (!execution.isBeforeActiveNode(target)) {
    return new ExpressionError(
      'Invalid expression',
      { ...cursor, nodeCause: target, descriptionKey: 'pairedItemNoConnection', type: 'paired_item_no_connection' },
      `There is no connection back to the node '${target}', so none of its items belongs to this item.`,
    );
  }
  const cause = gap?.nodeName ?? execution.activeNodeName;
  const isCodeNode = execution.isCodeNode(cause);
  const context = gap?.isMissing === false
    ? {
        descriptionKey: isCodeNode ? 'pairedItemInvalidInfoCodeNode' : 'pairedItemInvalidInfo',
        causeDetailed: `Wrong pairedItem data (node '${cause}' names an item that does not exist)`,
        type: 'paired_item_invalid_info',
      }
    : {
        descriptionKey: isCodeNode ? 'pairedItemNoInfoCodeNode' : 'pairedItemNoInfo',
        causeDetailed: `Missing pairedItem data (node '${cause}' probably didn't supply it)`,
        type: 'paired_item_no_info',
      };
  return new ExpressionError(
    `Paired item data for ${method} from node '${cause}' is unavailable. Ensure '${cause}' is providing the required output.`,
    { ...cursor, nodeCause: cause, ...context },
  );
}

/** The item of node `target` that the input item with index `index` came from. */
function pairedItemOfInput(execution, target, index, method, cursor) {
  const item = execution.inputItems[index];
  if (!item) {
    throw new ExpressionError(`There is no input item with index ${index}`, { ...cursor, nodeCause: target, type: 'no_execution_data' });
  }
  const start = { item, sources: execution.inputSources, nodeName: execution.activeNodeName };
  return pairedItemOf(execution, target, start, method, cursor);
}

module.exports = { pairedItemOf, pairedItemOfInput };
