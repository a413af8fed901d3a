'use strict';

// `$jmespath(object, query)`.

const { search } = require('jmespath');
const { ExpressionError } = require('./errors');

// As in n8n, a query may not name what leads from data to code.
const REFUSED = /\\|\b(?:constructor|__proto__|prototype)\b/;

function jsonQuery(cursor) {
  return (object, query) => {
    if (typeof object !== 'object' || object === null || typeof query !== 'string') {
      throw new ExpressionError('expected two arguments (Object, string) for this function', { ...cursor });
    }
    if (REFUSED.test(query)) {
      throw new ExpressionError('Cannot access this property in a jmespath query due to security concerns', { ...cursor });
    }
    return search(object, query);
  };
}

module.exports = { jsonQuery };
