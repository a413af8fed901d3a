'use strict';

// Makes this process think that it is inside the walls, where there is no /proc (`node --require`).

const fs = require('node:fs');

const { existsSync } = fs;

fs.existsSync = (file) => !String(file).startsWith('/proc/') && existsSync(file);
