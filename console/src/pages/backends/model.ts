// Where a backend leads in one stage: as the form has it, and as the operation wants it. Fields that the form does not know stay.
import type { Answer } from '../../api/client';

export type Backend = NonNullable<NonNullable<Answer<'DescribeBackendInfo'>['BackendInfo']>>;
export type Model = NonNullable<Backend['BackendModels']>[number];
export type ModelData = Record<string, unknown>;

/** Types whose data has inputs; others are written as JSON. */
export const WITH_INPUTS = ['HTTP', 'VPC', 'MOCK'];

export interface ModelForm {
  address: string;
  host: string;
  timeout: number | string;
  access: string;
  status: number | string;
  body: string;
  json: string;
}

export function readModel(model: Model | undefined): ModelForm {
  const data = dataOf(model);
  const mock = (data.MockConfig ?? {}) as Record<string, unknown>;
  return {
    address: String(data.ServiceAddress ?? ''),
    host: String(data.HttpTargetHostName ?? ''),
    timeout: Number(data.ServiceTimeout ?? 10000),
    access: String((data.VpcConfig as { Name?: string } | undefined)?.Name ?? ''),
    status: Number(mock.MockStatusCode ?? 200),
    body: String(mock.MockResult ?? ''),
    json: JSON.stringify(data, null, 2),
  };
}

export function writeModel(type: string, form: ModelForm, model: Model | undefined): ModelData {
  if (!WITH_INPUTS.includes(type)) return JSON.parse(form.json) as ModelData;
  const kept = dataOf(model);
  if (type === 'MOCK') {
    const mock = { ...((kept.MockConfig as object) ?? {}), MockResult: form.body, MockStatusCode: Number(form.status) };
    return { ...kept, MockConfig: mock };
  }
  const timed = { ...kept, ServiceTimeout: Number(form.timeout) };
  if (type === 'VPC') return { ...timed, VpcConfig: { Name: form.access } };
  const host = form.host.trim();
  return { ...timed, ServiceAddress: form.address.trim(), HttpTargetHostName: host === '' ? undefined : host };
}

function dataOf(model: Model | undefined): ModelData {
  const { Type: _, ...data } = (model?.BackendConfig ?? {}) as ModelData;
  return data;
}
