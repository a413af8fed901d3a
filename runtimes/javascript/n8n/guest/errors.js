'use strict';

// Errors of Stockade's own that user code can meet. Each carries what n8n is to be told about it.

/** An error whose wire form is fixed: n8n gets these details instead of a message with a line number. */
class ReportedError extends Error {
  #details;

  constructor(message, details) {
    super(message);
    this.#details = { message, ...details };
  }

  static detailsOf(error) {
    return #details in error ? error.#details : null;
  }
}

/** What n8n's expressions throw when data is missing or may not be read. */
class ExpressionError extends ReportedError {
  constructor(message, context = {}, description) {
    const details = { name: 'ExpressionError', timestamp: Date.now(), context };
    if (description !== undefined) details.description = description;
    super(message, details);
    this.name = 'ExpressionError';
    this.context = context;
    if (description !== undefined) this.description = description;
  }
}

/** A function of the Code node was used in a way that it does not support. */
class UsageError extends ReportedError {
  constructor(message, details) {
    super(message, { level: 'info', shouldReport: false, tags: {}, ...details });
  }
}

/** An allowed module that is not there. */
class ModuleNotFoundError extends ReportedError {
  constructor(name) {
    super(`Cannot find module '${name}'`, { code: 'MODULE_NOT_FOUND' });
    this.code = 'MODULE_NOT_FOUND';
  }
}

/** A module that the allow-lists do not name. */
class ModuleDisallowedError extends Error {
  constructor(name) {
    super(`Module '${name}' is disallowed`);
  }
}

/** The result of the code cannot be written as JSON. */
class ResultError extends ReportedError {
  constructor(message) {
    super(message, { description: null });
  }
}

module.exports = { ReportedError, ExpressionError, UsageError, ModuleNotFoundError, ModuleDisallowedError, ResultError };
