import { expect, it } from 'vitest';
import { change, read } from './definition';
import { fieldsOf, problemsOf, type Schema } from './schema';

const SCHEMA: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'items'],
  $defs: {
    Mode: { enum: ['ALLOW', 'REFUSE'], type: 'string' },
    Place: {
      oneOf: [
        { enum: ['header', 'query'], type: 'string' },
        { const: 'form', type: 'string' },
      ],
    },
    Item: {
      type: 'object',
      additionalProperties: false,
      required: ['blocks'],
      properties: {
        blocks: { type: 'array', items: { type: 'string' } },
        place: { anyOf: [{ $ref: '#/$defs/Place' }, { type: 'null' }] },
      },
    },
  },
  properties: {
    limit: { type: ['integer', 'null'], minimum: 1, maximum: 10 },
    strict: { type: 'boolean', default: false },
    type: { $ref: '#/$defs/Mode', description: 'Which\nway.' },
    items: { type: 'array', items: { $ref: '#/$defs/Item' } },
    names: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

it('knows what kind of input each field is', () => {
  const fields = fieldsOf(SCHEMA, SCHEMA);
  expect(fields.map((field) => [field.name, field.kind, field.required])).toEqual([
    ['type', 'choice', true],
    ['items', 'list', true],
    ['limit', 'number', false],
    ['strict', 'flag', false],
    ['names', 'map', false],
  ]);
  expect(fields[0]).toMatchObject({ choices: ['ALLOW', 'REFUSE'], description: 'Which way.' });
  const inner = fieldsOf(SCHEMA.$defs?.Item ?? {}, SCHEMA);
  expect(inner.map((field) => [field.kind, field.choices])).toEqual([
    ['texts', []],
    ['choice', ['header', 'query', 'form']],
  ]);
});

it('finds what the schema forbids, with its place', () => {
  const value = { type: 'MAYBE', items: [{ blocks: ['a'] }, { wrong: 1 }], limit: 11, more: true };
  expect(problemsOf(SCHEMA, SCHEMA, value)).toEqual([
    { path: 'more', reason: 'unknown' },
    { path: 'type', reason: 'choice' },
    { path: 'items[1].wrong', reason: 'unknown' },
    { path: 'items[1].blocks', reason: 'required' },
    { path: 'limit', reason: 'range' },
  ]);
  expect(problemsOf(SCHEMA, SCHEMA, { type: 'ALLOW', items: [] })).toEqual([]);
});

it('changes one place and leaves the rest of the text as it is', () => {
  const text = '# who may come in\ntype: ALLOW # for now\nunknown: kept\nitems:\n  - blocks: [10.0.0.0/8] # office\n';
  const changed = change(text, ['type'], 'REFUSE');
  expect(changed).toBe(text.replace('ALLOW', 'REFUSE'));
  expect(change(changed, ['items', 0, 'place'], 'form')).toContain('# office');
  expect(read(change(text, ['items', 1], { blocks: ['1'] })).value).toMatchObject({
    unknown: 'kept',
    items: [{ blocks: ['10.0.0.0/8'] }, { blocks: ['1'] }],
  });
  expect(read(change(change('', ['items', 0, 'blocks'], ['x']), ['limit'], 3)).value).toEqual({
    items: [{ blocks: ['x'] }],
    limit: 3,
  });
});

it('keeps JSON as JSON and takes away what is emptied', () => {
  const text = '{"type": "ALLOW", "limit": 3}';
  expect(JSON.parse(change(text, ['limit'], undefined))).toEqual({ type: 'ALLOW' });
  expect(change('a: [', ['a'], 1)).toBe('a: [');
  expect(read('a: [').problem).toBeTruthy();
});
