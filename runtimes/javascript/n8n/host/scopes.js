'use strict';

// Names and what they are bound to, for a parsed program.
//
// Every node gets a `parent`; every identifier that is read or written gets a `binding`, or null when nothing in the
// program declares it. Where the language leaves room for doubt (functions declared in blocks, `with`, `eval`) a name
// counts as not declared: the caller then asks n8n for more data than needed, never for less.

class Scope {
  constructor(parent, { isFunction = false, ownsThis = false } = {}) {
    this.parent = parent;
    this.isFunction = isFunction;
    this.ownsThis = ownsThis;
    this.bindings = new Map();
  }

  declare(name, kind, initializer) {
    const known = this.bindings.get(name);
    if (known) {
      known.kind = 'redeclared';
      return known;
    }
    const binding = { name, kind, initializer, references: [] };
    this.bindings.set(name, binding);
    return binding;
  }

  find(name) {
    for (let scope = this; scope; scope = scope.parent) {
      const binding = scope.bindings.get(name);
      if (binding) return binding;
    }
    return null;
  }

  functionScope() {
    let scope = this;
    while (!scope.isFunction) scope = scope.parent;
    return scope;
  }

  // Whether `this` here is the `this` of the whole program.
  seesProgramThis() {
    for (let scope = this; scope; scope = scope.parent) if (scope.ownsThis) return false;
    return true;
  }
}

const NOT_CHILDREN = new Set(['type', 'start', 'end', 'parent', 'binding', 'raw', 'value', 'regex', 'bigint', 'operator', 'kind']);

class Resolver {
  constructor() {
    this.identifiers = [];
    this.thisExpressions = [];
    this.members = [];
  }

  visit(node, scope) {
    const special = this[node.type];
    if (special) special.call(this, node, scope);
    else this.visitChildren(node, scope);
  }

  visitChildren(node, scope) {
    for (const key of Object.keys(node)) {
      if (NOT_CHILDREN.has(key) && !(key === 'value' && node[key] && node[key].type)) continue;
      const child = node[key];
      if (Array.isArray(child)) for (const element of child) this.enter(element, node, scope);
      else this.enter(child, node, scope);
    }
  }

  enter(child, parent, scope) {
    if (!child || typeof child.type !== 'string') return;
    child.parent = parent;
    this.visit(child, scope);
  }

  Identifier(node, scope) {
    this.identifiers.push({ node, scope });
  }

  ThisExpression(node, scope) {
    this.thisExpressions.push({ node, isProgramThis: scope.seesProgramThis() });
  }

  MemberExpression(node, scope) {
    this.members.push(node);
    this.enter(node.object, node, scope);
    if (node.computed) this.enter(node.property, node, scope);
  }

  Property(node, scope) {
    if (node.computed) this.enter(node.key, node, scope);
    this.enter(node.value, node, scope);
  }

  MethodDefinition(node, scope) {
    this.Property(node, scope);
  }

  PropertyDefinition(node, scope) {
    if (node.computed) this.enter(node.key, node, scope);
    this.enter(node.value, node, new Scope(scope, { isFunction: true, ownsThis: true }));
  }

  StaticBlock(node, scope) {
    this.visitChildren(node, new Scope(scope, { isFunction: true, ownsThis: true }));
  }

  LabeledStatement(node, scope) {
    this.enter(node.body, node, scope);
  }

  BreakStatement() {}

  ContinueStatement() {}

  MetaProperty() {}

  BlockStatement(node, scope) {
    this.visitChildren(node, new Scope(scope));
  }

  SwitchStatement(node, scope) {
    this.enter(node.discriminant, node, scope);
    const inner = new Scope(scope);
    for (const clause of node.cases) this.enter(clause, node, inner);
  }

  ForStatement(node, scope) {
    this.visitChildren(node, new Scope(scope));
  }

  ForInStatement(node, scope) {
    this.visitChildren(node, new Scope(scope));
  }

  ForOfStatement(node, scope) {
    this.visitChildren(node, new Scope(scope));
  }

  CatchClause(node, scope) {
    const inner = new Scope(scope);
    if (node.param) {
      node.param.parent = node;
      this.pattern(node.param, inner, inner, 'catch');
    }
    this.enter(node.body, node, inner);
  }

  VariableDeclaration(node, scope) {
    const target = node.kind === 'var' ? scope.functionScope() : scope;
    for (const declarator of node.declarations) {
      declarator.parent = node;
      declarator.id.parent = declarator;
      this.pattern(declarator.id, target, scope, node.kind, declarator.init);
      this.enter(declarator.init, declarator, scope);
    }
  }

  FunctionDeclaration(node, scope) {
    if (node.id) scope.declare(node.id.name, 'function');
    this.callable(node, scope);
  }

  FunctionExpression(node, scope) {
    const named = new Scope(scope);
    if (node.id) named.declare(node.id.name, 'function');
    this.callable(node, named);
  }

  ArrowFunctionExpression(node, scope) {
    this.callable(node, scope);
  }

  // Parameters live in a scope around the body, so that a default value does not see what the body declares.
  callable(node, scope) {
    const parameters = new Scope(scope, { isFunction: true, ownsThis: node.type !== 'ArrowFunctionExpression' });
    for (const parameter of node.params) {
      parameter.parent = node;
      this.pattern(parameter, parameters, parameters, 'parameter');
    }
    const body = new Scope(parameters, { isFunction: true });
    node.body.parent = node;
    if (node.body.type === 'BlockStatement') this.visitChildren(node.body, body);
    else this.visit(node.body, body);
  }

  ClassDeclaration(node, scope) {
    if (node.id) scope.declare(node.id.name, 'class');
    this.ClassExpression(node, scope);
  }

  ClassExpression(node, scope) {
    const inner = new Scope(scope);
    if (node.id) inner.declare(node.id.name, 'class');
    this.enter(node.superClass, node, inner);
    this.enter(node.body, node, inner);
  }

  // A pattern that declares: its names go to `target`, its default values and computed keys are read in `scope`.
  pattern(node, target, scope, kind, initializer) {
    switch (node.type) {
      case 'Identifier':
        node.binding = target.declare(node.name, kind, initializer);
        break;
      case 'ObjectPattern':
        for (const property of node.properties) {
          property.parent = node;
          if (property.computed) this.enter(property.key, property, scope);
          const inner = property.type === 'RestElement' ? property.argument : property.value;
          inner.parent = property;
          this.pattern(inner, target, scope, kind);
        }
        break;
      case 'ArrayPattern':
        for (const element of node.elements) {
          if (!element) continue;
          element.parent = node;
          this.pattern(element, target, scope, kind);
        }
        break;
      case 'RestElement':
        node.argument.parent = node;
        this.pattern(node.argument, target, scope, kind);
        break;
      case 'AssignmentPattern':
        node.left.parent = node;
        this.pattern(node.left, target, scope, kind);
        this.enter(node.right, node, scope);
        break;
    }
  }
}

/** Binds the names of `program`; returns its undeclared identifiers, its `this` expressions and its member accesses. */
function resolveNames(program) {
  const resolver = new Resolver();
  resolver.visitChildren(program, new Scope(null, { isFunction: true }));
  const undeclared = [];
  for (const { node, scope } of resolver.identifiers) {
    node.binding = scope.find(node.name);
    if (node.binding) node.binding.references.push(node);
    else undeclared.push(node);
  }
  return { undeclared, thisExpressions: resolver.thisExpressions, members: resolver.members };
}

module.exports = { resolveNames };
