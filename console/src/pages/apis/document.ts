// A draft as YAML: the fields of `ModifyApi` with their structures written out. Invariant: to YAML and back loses nothing.
import { parse, stringify } from 'yaml';
import type { Answer } from '../../api/client';
import { type Draft, readDraft, writeDraft } from './draft';

const OBJECTS = ['RequestConfig', 'ServiceConfig', 'OpenIdConnectConfig'];
// Each with the name that its rows have in an answer.
const LISTS: Record<string, string> = {
  RequestParameters: 'RequestParameter',
  ServiceParameters: 'ServiceParameter',
  ServiceParametersMap: 'ServiceParameterMap',
  ConstantParameters: 'ConstantParameter',
  SystemParameters: 'SystemParameter',
  ErrorCodeSamples: 'ErrorCodeSample',
  ResultDescriptions: 'ResultDescription',
};
const SCALARS = [
  'ApiName',
  'Description',
  'Visibility',
  'AuthType',
  'AppCodeAuthType',
  'AllowSignatureMethod',
  'ForceNonceCheck',
  'DisableInternet',
  'ResultType',
  'ResultSample',
  'FailResultSample',
  'ResultBodyModel',
  'WebSocketApiType',
  'BackendEnable',
  'BackendId',
];

export function toYaml(draft: Draft): string {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(writeDraft(draft))) {
    if (value === undefined || value === '') continue;
    fields[name] = OBJECTS.includes(name) || name in LISTS ? JSON.parse(String(value)) : value;
  }
  return stringify(fields, { lineWidth: 0 });
}

/** Throws: Error that says which field is wrong, or at which line the text is no YAML. */
export function fromYaml(text: string, groupId: string): Draft {
  const read: unknown = parse(text);
  if (!isObject(read)) throw new Error('Write fields by name, beginning with ApiName.');
  const answer: Record<string, unknown> = { GroupId: groupId };
  for (const [name, value] of Object.entries(read)) {
    if (name in LISTS) {
      if (!Array.isArray(value) || !value.every(isObject)) throw new Error(`${name} must be a list of objects.`);
      answer[name] = { [LISTS[name] as string]: value };
    } else if (OBJECTS.includes(name)) {
      if (!isObject(value)) throw new Error(`${name} must be an object.`);
      answer[name] = value;
    } else if (SCALARS.includes(name)) {
      if (isObject(value) || Array.isArray(value)) throw new Error(`${name} must be a single value.`);
      answer[name] = value;
    } else {
      throw new Error(`${name} is no field of an API.`);
    }
  }
  answer.BackendConfig = { BackendId: answer.BackendId };
  const service = answer.ServiceConfig as Record<string, unknown> | undefined;
  if (Array.isArray(service?.MockHeaders)) {
    answer.ServiceConfig = { ...service, MockHeaders: { MockHeader: service.MockHeaders } };
  }
  return readDraft(answer as Answer<'DescribeApi'>);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
