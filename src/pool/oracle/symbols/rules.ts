import type { Node } from '@vscode/tree-sitter-wasm';

/** How the symbols of one language look in its syntax tree. */
export interface SymbolRules {
  /** Node type -> what it declares. */
  readonly symbols: Readonly<Record<string, SymbolRule>>;
  /** Nodes whose inside is a function's body; what is marked `outer` is no symbol there. */
  readonly functions: ReadonlySet<string>;
  /** Nodes around a single declaration that belong to it: `export`, decorators, `const`. */
  readonly wrappers: ReadonlySet<string>;
}

export interface SymbolRule {
  /** Parts of the name within what is around it; `[]` = has none, but may hold some; null = no symbol. */
  readonly name: (node: Node) => readonly string[] | null;
  readonly outer?: true;
}

/** Comments and attributes right above a declaration belong to it. */
export const LEADING: ReadonlySet<string> = new Set(['comment', 'line_comment', 'block_comment', 'attribute_item', 'decorator']);

/** Letters of a name; what has others, such as a computed key, is no symbol but text of what is around it. */
const NAME = /^#?[\p{L}\p{N}_$]+$/u;

/** `a.b::"c"` -> its parts. */
function parts(text: string | undefined): readonly string[] | null {
  const found = (text ?? '').replace(/^['"`](.*)['"`]$/s, '$1').split(/\.|::/).map((part) => part.trim());
  return found.every((part) => NAME.test(part)) ? found : null;
}

const field = (name: string): SymbolRule => ({ name: (node) => parts(node.childForFieldName(name)?.text) });
const outerField = (name: string): SymbolRule => ({ ...field(name), outer: true });
const all = (rule: SymbolRule, ...types: string[]): Record<string, SymbolRule> => Object.fromEntries(types.map((type) => [type, rule]));

const FUNCTION_VALUES: ReadonlySet<string> = new Set(['function_expression', 'generator_function', 'arrow_function', 'class']);

/** `export default function () {}`: the only unnamed declaration that others can name. */
const DEFAULT: SymbolRule = {
  name: (node) => (node.parent?.type === 'export_statement' ? (parts(node.childForFieldName('name')?.text) ?? ['default']) : null),
};

/** `exports.f = function () {}`, `Foo.prototype.bar = ...`; of `module.exports = {...}` the methods count. */
const ASSIGNED: SymbolRule = {
  outer: true,
  name: (node) => {
    const [left, right] = [node.childForFieldName('left'), node.childForFieldName('right')];
    if (left?.type !== 'member_expression' || right === null || !(FUNCTION_VALUES.has(right.type) || right.type === 'object')) return null;
    const named = left.text.replace(/^(module\.)?exports(\.|$)/, '').replace(/\.prototype(?=\.|$)/, '');
    return named === '' ? (right.type === 'object' ? [] : ['default']) : parts(named);
  },
};

const PAIR: SymbolRule = { name: (node) => (FUNCTION_VALUES.has(node.childForFieldName('value')?.type ?? '') ? parts(node.childForFieldName('key')?.text) : null) };

/** TypeScript, TSX and JavaScript: three grammars, one set of names. */
export const SCRIPT: SymbolRules = {
  symbols: {
    ...all(field('name'), 'function_declaration', 'generator_function_declaration', 'function_signature', 'class_declaration', 'abstract_class_declaration', 'interface_declaration', 'type_alias_declaration', 'enum_declaration', 'module', 'internal_module'),
    ...all(field('name'), 'method_definition', 'abstract_method_signature', 'method_signature', 'public_field_definition'),
    ...all(DEFAULT, 'class', 'function_expression', 'arrow_function'),
    field_definition: field('property'),
    variable_declarator: outerField('name'),
    assignment_expression: ASSIGNED,
    pair: PAIR,
  },
  functions: new Set(['function_declaration', 'generator_function_declaration', 'function_expression', 'generator_function', 'arrow_function', 'method_definition', 'class_static_block']),
  wrappers: new Set(['export_statement', 'ambient_declaration', 'expression_statement', 'lexical_declaration', 'variable_declaration']),
};

export const PYTHON: SymbolRules = {
  symbols: { ...all(field('name'), 'function_definition', 'class_definition'), assignment: outerField('left') },
  functions: new Set(['function_definition', 'lambda']),
  wrappers: new Set(['decorated_definition', 'expression_statement']),
};

export const GO: SymbolRules = {
  symbols: {
    ...all(field('name'), 'function_declaration', 'type_spec', 'type_alias', 'method_elem'),
    ...all(outerField('name'), 'const_spec', 'var_spec'),
    method_declaration: {
      // `(t *Type[K])`: the receiver's type is the last name before its own parameters.
      name: (node) => {
        const type = /([\p{L}\p{N}_]+)\s*(\[[^\]]*\])?\s*\)$/u.exec(node.childForFieldName('receiver')?.text ?? '')?.[1];
        const method = parts(node.childForFieldName('name')?.text);
        return type === undefined || method === null ? null : [type, ...method];
      },
    },
  },
  functions: new Set(['function_declaration', 'method_declaration', 'func_literal']),
  wrappers: new Set(['type_declaration', 'const_declaration', 'var_declaration']),
};

export const RUST: SymbolRules = {
  symbols: {
    ...all(field('name'), 'function_item', 'function_signature_item', 'struct_item', 'enum_item', 'union_item', 'trait_item', 'mod_item', 'const_item', 'static_item', 'type_item', 'macro_definition'),
    impl_item: {
      // `impl Trait for path::Type<T>`: its methods are the type's.
      name: (node) => {
        let type = node.childForFieldName('type');
        while (type !== null && type.type !== 'type_identifier') {
          const inner = type.childForFieldName(type.type === 'scoped_type_identifier' ? 'name' : 'type');
          if (inner === null) return null;
          type = inner;
        }
        return parts(type?.text);
      },
    },
  },
  functions: new Set(['function_item', 'closure_expression']),
  wrappers: new Set(),
};

export const JAVA: SymbolRules = {
  symbols: {
    ...all(field('name'), 'class_declaration', 'interface_declaration', 'enum_declaration', 'record_declaration', 'annotation_type_declaration'),
    ...all(field('name'), 'method_declaration', 'constructor_declaration', 'compact_constructor_declaration', 'annotation_type_element_declaration', 'enum_constant'),
    variable_declarator: outerField('name'),
  },
  functions: new Set(['method_declaration', 'constructor_declaration', 'compact_constructor_declaration', 'lambda_expression', 'static_initializer']),
  wrappers: new Set(['field_declaration', 'constant_declaration']),
};
