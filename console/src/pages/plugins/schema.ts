// A plug-in's JSON Schema as a form sees it: the fields of an object, and what kind of input each one is.
export interface Schema {
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  $ref?: string;
  $defs?: Record<string, Schema>;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  format?: string;
}

export type Kind = 'text' | 'number' | 'flag' | 'choice' | 'texts' | 'list' | 'map' | 'group' | 'any';

export interface Field {
  name: string;
  kind: Kind;
  /** Without references. */
  schema: Schema;
  description: string;
  required: boolean;
  choices: string[];
}

export function parseSchema(text: string | undefined): Schema | null {
  try {
    return text ? (JSON.parse(text) as Schema) : null;
  } catch {
    return null;
  }
}

export function resolve(schema: Schema, root: Schema): Schema {
  const named = schema.$ref?.split('/').at(-1);
  if (named) return { ...root.$defs?.[named], ...without(schema, '$ref') };
  const some = schema.anyOf?.find((one) => one.type !== 'null');
  return some ? { ...resolve(some, root), ...without(schema, 'anyOf') } : schema;
}

const without = (schema: Schema, name: keyof Schema): Schema => {
  const { [name]: _, ...rest } = schema;
  return rest;
};

/** Without line ends, and without where the vendor describes it. */
export const helpOf = (description: string | undefined): string =>
  (description ?? '')
    .replace(/\s+/g, ' ')
    .replace(/ Source: vendor page "[^"]*"\./, '')
    .trim();

export function fieldOf(name: string, property: Schema, root: Schema, required: boolean): Field {
  const schema = resolve(property, root);
  const choices = choicesOf(schema, root);
  const description = helpOf(property.description ?? schema.description);
  return { name, kind: kindOf(schema, root, choices), schema, description, required, choices };
}

/** Required ones first, else in the schema's order. */
export function fieldsOf(schema: Schema, root: Schema): Field[] {
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    fieldOf(name, property, root, schema.required?.includes(name) ?? false),
  );
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
}

function choicesOf(schema: Schema, root: Schema): string[] {
  const own = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  const inner = (schema.oneOf ?? []).flatMap((one) => choicesOf(resolve(one, root), root));
  return [...own, ...inner].filter((one) => typeof one === 'string') as string[];
}

function kindOf(schema: Schema, root: Schema, choices: string[]): Kind {
  if (choices.length > 0) return 'choice';
  const types = [schema.type ?? []].flat();
  if (types.includes('boolean')) return 'flag';
  if (types.includes('integer') || types.includes('number')) return types.includes('string') ? 'any' : 'number';
  if (types.includes('string')) return 'text';
  if (types.includes('array')) {
    const item = schema.items && fieldOf('', schema.items, root, false);
    if (item?.kind === 'text' || item?.kind === 'choice') return 'texts';
    return item?.kind === 'group' ? 'list' : 'any';
  }
  if (schema.properties) return 'group';
  return typeof schema.additionalProperties === 'object' ? 'map' : 'any';
}

export interface SchemaProblem {
  path: string;
  reason: 'required' | 'unknown' | 'choice' | 'range' | 'type';
}

/** What the schema alone says against a definition; the server knows more. */
export function problemsOf(schema: Schema, root: Schema, value: unknown, path = ''): SchemaProblem[] {
  if (!isObject(value)) return [{ path: path || '/', reason: 'type' }];
  const fields = fieldsOf(schema, root);
  const found: SchemaProblem[] = [];
  for (const name of Object.keys(value)) {
    if (schema.additionalProperties === false && !fields.some((field) => field.name === name)) {
      found.push({ path: `${path}${name}`, reason: 'unknown' });
    }
  }
  for (const field of fields) {
    const inner = value[field.name];
    const place = `${path}${field.name}`;
    if (inner === undefined || inner === null || inner === '') {
      if (field.required) found.push({ path: place, reason: 'required' });
    } else found.push(...problemsOfField(field, root, inner, place));
  }
  return found;
}

function problemsOfField(
  { kind, schema, choices }: Field,
  root: Schema,
  value: unknown,
  path: string,
): SchemaProblem[] {
  if (kind === 'group') return problemsOf(schema, root, value, `${path}.`);
  if (kind === 'list' && Array.isArray(value)) {
    const item = resolve(schema.items ?? {}, root);
    return value.flatMap((one, index) => problemsOf(item, root, one, `${path}[${index}].`));
  }
  if (kind === 'choice' && !choices.includes(String(value))) return [{ path, reason: 'choice' }];
  if (kind === 'number') {
    const number = Number(value);
    const fits = number >= (schema.minimum ?? -Infinity) && number <= (schema.maximum ?? Infinity);
    return fits ? [] : [{ path, reason: 'range' }];
  }
  return kind === 'list' || (kind === 'texts' && !Array.isArray(value)) ? [{ path, reason: 'type' }] : [];
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
