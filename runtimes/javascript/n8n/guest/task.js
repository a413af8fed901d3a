'use strict';

// One task inside the realm: what its code sees, how its code is called, and what it answers.

const { Settings } = require('luxon');
const { customDataOf } = require('./custom-data');
const { Execution } = require('./execution');
const { createExpressions } = require('./expressions');
const { failureOf } = require('./failure');
const { failureItem, itemOf, jsonOf } = require('./results');
const { StaticData } = require('./static-data');
const { Variables } = require('./variables');

const { stringify } = JSON;

class Task {
  constructor({ data, nodeTypes, settings, rules }) {
    this.settings = settings;
    this.execution = new Execution(data, nodeTypes, settings.chunk);
    this.startedAt = Date.now();
    this.staticData = new StaticData(this.execution);
    this.executionVariable = executionVariable(this.execution);
    this.evaluateExpression = createExpressions(rules.insecure);
    const zone = this.execution.workflow.settings?.timezone;
    Settings.defaultZone = zone && zone !== 'DEFAULT' ? zone : rules.timezone;
    this.variables = new Variables(this, 0);
  }

  /** The answer of a task whose code sees all items at once. */
  async runForAllItems(call) {
    let result;
    try {
      const returned = await call();
      result = returned === null ? '[]' : jsonOf(returned);
    } catch (error) {
      if (!this.settings.continueOnFail) throw error;
      result = stringify([failureItem(failureOf(error).details.message)]);
    }
    return this.answer(result);
  }

  /** The answer of a task whose code is called once for each item of the chunk, one after the other. */
  async runForEachItem(call, nextItem) {
    const { startIndex = 0, count = this.execution.inputItems.length } = this.settings.chunk ?? {};
    const items = [];
    for (let index = startIndex; index < startIndex + count; index++) {
      Variables.moveTo(this.variables, index);
      nextItem(this.execution.inputItems[index]);
      try {
        const item = itemOf(await call(), index);
        if (item) items[items.length] = item;
      } catch (error) {
        if (!this.settings.continueOnFail) throw error;
        items[items.length] = failureItem(failureOf(error).details.message, index);
      }
    }
    return this.answer(this.jsonOfItems(items));
  }

  jsonOfItems(items) {
    try {
      return jsonOf(items);
    } catch (error) {
      if (!this.settings.continueOnFail) throw error;
      return `[${items.map((item) => this.jsonOfItem(item)).join(',')}]`;
    }
  }

  jsonOfItem(item) {
    try {
      return jsonOf(item);
    } catch (error) {
      return stringify(failureItem(failureOf(error).details.message, item.pairedItem.item));
    }
  }

  /** The JSON text of the answer, with `result` as JSON text. */
  answer(result) {
    let members = '';
    const add = (name, json) => {
      if (json !== undefined) members += `${members === '' ? '' : ','}"${name}":${json}`;
    };
    add('result', result);
    add('customData', stringify(this.execution.resultData?.metadata ?? undefined));
    add('staticData', this.staticData.changed());
    return `{${members}}`;
  }
}

function executionVariable(execution) {
  const { additionalData = {}, runExecutionData, mode } = execution.data;
  const id = additionalData.executionId;
  const signature = runExecutionData?.resumeToken ? `?signature=${runExecutionData.resumeToken}` : '';
  return {
    id,
    mode: mode === 'manual' ? 'test' : 'production',
    resumeUrl: `${additionalData.webhookWaitingBaseUrl}/${id}${signature}`,
    resumeFormUrl: `${additionalData.formWaitingBaseUrl}/${id}${signature}`,
    customData: customDataOf(execution),
  };
}

module.exports = { Task };
