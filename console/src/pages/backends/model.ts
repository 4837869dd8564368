// Where a backend leads in one stage: the data that the operation takes. Invariant: what nobody changed is sent as it came.
import type { Answer } from '../../api/client';

export type Backend = NonNullable<NonNullable<Answer<'DescribeBackendInfo'>['BackendInfo']>>;
export type Model = NonNullable<Backend['BackendModels']>[number];
export type ModelData = Record<string, unknown>;

/** Types whose data has inputs; others are written as JSON. */
export const WITH_INPUTS = ['HTTP', 'VPC', 'MOCK', 'FC_EVENT', 'FC_EVENT_V3', 'FC_HTTP', 'FC_HTTP_V3', 'DISCOVERY'];

const STARTS: Record<string, ModelData> = {
  HTTP: { ServiceAddress: '', ServiceTimeout: 10000 },
  VPC: { VpcConfig: { Name: '' }, ServiceTimeout: 10000 },
  MOCK: { MockConfig: { MockResult: '', MockStatusCode: 200 } },
  FC_EVENT: { FunctionComputeConfig: { FcType: 'FCEvent' }, ServiceTimeout: 10000 },
  FC_HTTP: { FunctionComputeConfig: { FcType: 'HttpTrigger' }, ServiceTimeout: 10000 },
  DISCOVERY: { DiscoveryConfig: { RcType: 'DNS', DnsConfig: { Name: '', Port: 80 } }, ServiceTimeout: 10000 },
};

export const startOf = (type: string): ModelData => STARTS[type.replace(/_V3$/, '')] ?? {};

export function dataOf(model: Model): ModelData {
  const { Type: _, ...data } = (model.BackendConfig ?? {}) as ModelData;
  return data;
}

const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));
const inside = (data: ModelData, name: string) => (data[name] ?? {}) as ModelData;

/** In a few words, for a list. */
export function whereTo(type: string, data: ModelData): string {
  if (type === 'HTTP') return text(data.ServiceAddress);
  if (type === 'VPC') return text(inside(data, 'VpcConfig').Name);
  if (type === 'MOCK') return text(inside(data, 'MockConfig').MockStatusCode);
  const config = inside(data, 'FunctionComputeConfig');
  if (type.startsWith('FC_')) return text(config.FcBaseUrl) || text(config.FunctionName) || text(config.TriggerUrl);
  if (type !== 'DISCOVERY') return JSON.stringify(data);
  const found = inside(data, 'DiscoveryConfig');
  const dns = inside(found, 'DnsConfig');
  if (text(found.RcType).toUpperCase() === 'DNS') return `DNS ${text(dns.Name)}:${text(dns.Port)}`;
  return `${text(found.RcType)} ${text(inside(found, 'NacosConfig').ServiceName)}`;
}
