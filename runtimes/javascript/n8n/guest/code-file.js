'use strict';

/** The name under which user code is compiled. Stack frames without it are not the user's. */
const CODE_FILE = 'Code.js';

module.exports = { CODE_FILE };
