// What a plug-in's JSON Schema says, for people: its fields with their meaning, and a definition to begin with.
export interface Field {
  path: string;
  description: string;
  required: boolean;
}

interface Schema {
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  $ref?: string;
  $defs?: Record<string, Schema>;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
}

const DEPTH = 4;

export function fieldsOf(text: string | undefined): Field[] {
  const schema = parse(text);
  if (!schema) return [];
  const found: Field[] = [];
  walk(schema, schema, '', DEPTH, found);
  return found;
}

function walk(schema: Schema, root: Schema, prefix: string, depth: number, found: Field[]) {
  if (depth === 0) return;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const inner = resolve(property, root);
    const isList = inner.items !== undefined;
    const path = `${prefix}${name}${isList ? '[]' : ''}`;
    found.push({
      path,
      description: (property.description ?? inner.description ?? '').replace(/\s+/g, ' '),
      required: schema.required?.includes(name) ?? false,
    });
    walk(isList && inner.items ? resolve(inner.items, root) : inner, root, `${path}.`, depth - 1, found);
  }
}

/** The required fields, ready to be filled in. */
export function skeleton(text: string | undefined): string {
  const schema = parse(text);
  if (!schema) return '';
  const lines = (schema.required ?? []).map((name) => {
    const inner = resolve(schema.properties?.[name] ?? {}, schema);
    if (inner.items) return `${name}:\n  - `;
    return inner.properties ? `${name}:\n  ` : `${name}: ${inner.enum?.[0] ?? ''}`;
  });
  return lines.length > 0 ? `${lines.join('\n')}\n` : '';
}

function resolve(schema: Schema, root: Schema): Schema {
  const named = schema.$ref?.split('/').at(-1);
  if (named) return { ...root.$defs?.[named] };
  const some = schema.anyOf?.find((one) => one.type !== 'null') ?? schema.oneOf?.[0];
  return some ? resolve(some, root) : schema;
}

function parse(text: string | undefined): Schema | null {
  try {
    return text ? (JSON.parse(text) as Schema) : null;
  } catch {
    return null;
  }
}
