'use strict';

// What happens to the value of an expression: which of its properties are read, also through a variable that holds it.

/** Stands for "the value goes where it cannot be followed". */
const ESCAPED = Symbol('escaped');

/** The text of an expression that is always the same text, otherwise undefined. */
function literalText(node) {
  if (!node) return undefined;
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type === 'TemplateLiteral') return node.expressions.length === 0 ? node.quasis[0].value.cooked : undefined;
  if (node.type === 'Identifier' && node.binding?.kind === 'const' && node.binding.initializer !== node) {
    const { initializer } = node.binding;
    return initializer && initializer.type !== 'Identifier' ? literalText(initializer) : undefined;
  }
  return undefined;
}

/**
 * The properties read of the value of `use`: `{ name, node }` with the expression that reads it, or with the name
 * ESCAPED. Nothing when the value is thrown away. `followed` holds the variables being followed, which ends circles.
 */
function propertiesRead(use, followed) {
  const parent = use.parent;
  switch (parent.type) {
    case 'ChainExpression':
      return propertiesRead(parent, followed);
    case 'ExpressionStatement':
      return [];
    case 'MemberExpression':
      if (parent.object === use) return [memberRead(parent)];
      break;
    case 'VariableDeclarator':
      if (parent.init === use) return declaredReads(parent.id, followed) ?? [{ name: ESCAPED, node: use }];
      break;
  }
  return [{ name: ESCAPED, node: use }];
}

function memberRead(member) {
  const name = member.computed ? literalText(member.property) : propertyName(member.property);
  return { name: name ?? ESCAPED, node: member };
}

function propertyName(property) {
  return property.type === 'Identifier' ? property.name : undefined;
}

function declaredReads(target, followed) {
  if (target.type === 'Identifier') return aliasReads(target.binding, followed);
  if (target.type !== 'ObjectPattern') return null;
  const reads = [];
  for (const property of target.properties) {
    if (property.type !== 'Property') return null;
    const name = property.computed ? literalText(property.key) : (propertyName(property.key) ?? literalText(property.key));
    if (name === undefined) return null;
    // The node is the pattern's value, whose own uses are not followed: whoever needs them sees them escape.
    reads.push({ name, node: property.value });
  }
  return reads;
}

function aliasReads(binding, followed) {
  if (followed.has(binding)) return [];
  followed.add(binding);
  const reads = binding.references.flatMap((reference) => propertiesRead(reference, followed));
  followed.delete(binding);
  return reads;
}

module.exports = { ESCAPED, literalText, propertiesRead };
