'use strict';

// `$input`: the items that came into the node.

const { ExpressionError } = require('./errors');

function noData(cursor) {
  return new ExpressionError('No execution data available', { ...cursor, type: 'no_execution_data' });
}

function refuseArguments(method, count, cursor) {
  if (count === 0) return;
  throw new ExpressionError(
    `$input.${method}() takes no arguments. To get items from a specific upstream node, use $('NodeName').${method}() (or $('NodeName').all() for every item).`,
    { ...cursor },
  );
}

function inputOf(execution, cursor) {
  const items = execution.inputItems;
  if (items.length === 0) return emptyInput(cursor);
  const shape = (item) => (execution.returnsBareJson ? item?.json : item);
  return {
    all: () => (execution.returnsBareJson ? items.map(shape) : items),
    first: (...unwanted) => {
      refuseArguments('first', unwanted.length, cursor);
      return shape(items[0]);
    },
    last: (...unwanted) => {
      refuseArguments('last', unwanted.length, cursor);
      return shape(items[items.length - 1]);
    },
    get item() {
      return shape(items[cursor.itemIndex]);
    },
    get params() {
      return execution.parametersOf(execution.previousNodeName);
    },
    get context() {
      return execution.contextOf(execution.previousNodeName);
    },
  };
}

// Without items any use is a mistake worth naming. Symbols are read by the language itself, not by the user.
function emptyInput(cursor) {
  return new Proxy(
    {},
    {
      get(_, name) {
        if (typeof name === 'symbol') return undefined;
        throw noData(cursor);
      },
    },
  );
}

module.exports = { inputOf, noData };
