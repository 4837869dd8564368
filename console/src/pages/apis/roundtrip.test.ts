// Opening and saving changes nothing: for every draft of the project's cases, and for generated ones with every field.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../api/client';
import { fromYaml, toYaml } from './document';
import { readDraft, writeDraft } from './draft';
import { merged } from './merge';

type Fields = Record<string, unknown>;
type Shape = string | { list: Shape } | { object: Record<string, Shape> };

const root = new URL('../../../../', import.meta.url);
const spec = JSON.parse(readFileSync(new URL('spec/operations.json', root), 'utf8'));
const answer = spec.operations.DescribeApi.response as Record<string, Shape>;
const OBJECTS = ['RequestConfig', 'ServiceConfig', 'OpenIdConnectConfig'];
// Each with the name that its rows have in an answer.
const LISTS: Record<string, string> = {
  RequestParameters: 'RequestParameter',
  ServiceParameters: 'ServiceParameter',
  ServiceParametersMap: 'ServiceParameterMap',
  ConstantParameters: 'ConstantParameter',
  SystemParameters: 'SystemParameter',
  ErrorCodeSamples: 'ErrorCodeSample',
};
const SCALARS = {
  ApiName: 'n',
  Description: 'd',
  Visibility: 'PRIVATE',
  AuthType: 'APP',
  AppCodeAuthType: 'HEADER',
  AllowSignatureMethod: 'HmacSHA256',
  ForceNonceCheck: true,
  DisableInternet: false,
  ResultType: 'JSON',
};

/** Always the same numbers from one seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
}

function generated(shape: Shape, next: (below: number) => number): unknown {
  if (typeof shape === 'string') {
    if (shape === 'boolean') return next(2) === 0;
    if (shape === 'integer' || shape === 'long') return next(1000);
    return ['', 'a', 'REQUIRED', 'query', 'Head', 'TRUE', '名字', '{"x": [1]}', 'x y'][next(9)];
  }
  if ('list' in shape) return Array.from({ length: next(4) }, () => generated(shape.list, next));
  const members = Object.entries(shape.object).filter(() => next(3) > 0);
  return Object.fromEntries(members.map(([name, inner]) => [name, generated(inner, next)]));
}

/** A draft as `CreateApi` takes it, with names that the lists of parameters share. */
function generatedDraft(seed: number): Fields {
  const next = numbers(seed);
  const sent: Fields = { ...SCALARS };
  const read = Object.fromEntries(
    [...OBJECTS, ...Object.keys(LISTS)].map((name) => [name, generated(answer[name] as Shape, next) as Fields]),
  );
  for (const name of OBJECTS) sent[name] = { ...read[name], Unknown: [name, { deep: null }] };
  const service = sent.ServiceConfig as Fields;
  const headers = (service.MockHeaders as Fields | undefined)?.MockHeader;
  if (service.MockHeaders !== undefined) service.MockHeaders = headers ?? [];
  if ((headers as unknown[] | undefined)?.length === 0 || headers === undefined) delete service.MockHeaders;
  for (const [name, inner] of Object.entries(LISTS)) {
    const rows = (read[name]?.[inner] ?? []) as Fields[];
    sent[name] = rows.map((row) => ({ ...row, Unknown: 1 }));
  }
  const named = (rows: Fields[], field: string, names: number) =>
    rows.map((row, index) => ({ ...row, [field]: `${field[0]}${index % names}` }));
  sent.RequestParameters = named(sent.RequestParameters as Fields[], 'ApiParameterName', 9);
  sent.ServiceParameters = named(sent.ServiceParameters as Fields[], 'ServiceParameterName', 2).reverse();
  sent.ServiceParametersMap = named(sent.ServiceParametersMap as Fields[], 'ServiceParameterName', 3).map((row) => ({
    ...row,
    RequestParameterName: `A${next(4)}`,
  }));
  return sent;
}

/** What `DescribeApi` answers for it. */
function described(sent: Fields): Answer<'DescribeApi'> {
  const service = sent.ServiceConfig as Fields | undefined;
  const headers = service?.MockHeaders;
  const found: Fields = { GroupId: 'g', ...sent, BackendConfig: { BackendId: sent.BackendId } };
  if (headers) found.ServiceConfig = { ...service, MockHeaders: { MockHeader: headers } };
  for (const [name, inner] of Object.entries(LISTS)) if (sent[name]) found[name] = { [inner]: sent[name] };
  return found as Answer<'DescribeApi'>;
}

/** Keys in order, absent and empty the same, structures read. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value && typeof value === 'object') {
    const entries = Object.entries(value).filter(
      ([, inner]) => inner !== undefined && !(Array.isArray(inner) && inner.length === 0),
    );
    return Object.fromEntries(
      entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, canonical(inner)]),
    );
  }
  return value;
}

const STRUCTURES = [...OBJECTS, ...Object.keys(LISTS), 'ResultDescriptions'];

const structured = (written: Fields): Fields =>
  Object.fromEntries(
    Object.entries(written).map(([name, value]) => [
      name,
      STRUCTURES.includes(name) && typeof value === 'string' ? JSON.parse(value) : value,
    ]),
  );

function cases(): Record<string, Fields> {
  const folder = new URL('tests/publish/', root);
  const files = readdirSync(folder).filter((file) => file.endsWith('.case') && file !== 'draft_problems.case');
  return Object.fromEntries(
    files.map((file) => {
      const [head = ''] = readFileSync(new URL(file, folder), 'utf8').split('\n---\n');
      // Clients write names and flags in several ways; an answer has one.
      return [file, { ...SCALARS, ...(vendorSpelling(JSON.parse(head)) as Fields) }];
    }),
  );
}

function vendorSpelling(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => one !== null).map(vendorSpelling);
  if (value === 'true' || value === 'false') return value === 'true';
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      vendorSpelling(inner),
    ]),
  );
}

const drafts: Record<string, Fields> = cases();
for (let seed = 1; seed <= 300; seed++) drafts[`generated ${seed}`] = generatedDraft(seed);

describe('opening and saving', () => {
  it('changes nothing in the form', () => {
    for (const [name, sent] of Object.entries(drafts)) {
      const written = structured(writeDraft(readDraft(described(sent))));
      expect(canonical(written), name).toEqual(canonical(sent));
    }
  });

  // Each text is read anew, which takes its time: a part of the generated ones will do.
  it('changes nothing as YAML', { timeout: 60_000 }, () => {
    for (const [name, sent] of Object.entries(drafts).slice(0, 80)) {
      const draft = readDraft(described(sent));
      const written = structured(writeDraft(fromYaml(toYaml(draft), 'g')));
      expect(canonical(written), name).toEqual(canonical(structured(writeDraft(draft))));
    }
  });

  it('changes nothing when somebody else has saved and nothing was typed', () => {
    for (const [name, sent] of Object.entries(drafts)) {
      const draft = readDraft(described(sent));
      expect(structured(writeDraft(merged(draft, draft, []))), name).toEqual(structured(writeDraft(draft)));
    }
  });
});
