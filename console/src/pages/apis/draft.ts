// An API's draft as the console edits it. Invariant: what the form does not know, or nobody changed, is sent back as it
// came; reading a draft and writing it again changes nothing.
import type { Answer, Params } from '../../api/client';

export type Fields = Record<string, unknown>;

export interface ParameterRow {
  name: string;
  location: string;
  type: string;
  required: boolean;
  default: string;
  backendName: string;
  backendLocation: string;
  /** The fields of the stored parameter and of its backend side that the grid does not show. */
  stored: { request: Fields; service: Fields; entry?: Fields };
}

export interface Draft {
  groupId: string;
  name: string;
  description: string;
  visibility: string;
  authType: string;
  appCode: string;
  signature: string;
  forceNonce: boolean;
  request: Fields;
  service: Fields;
  parameters: ParameterRow[];
  constants: Fields[];
  systems: Fields[];
  resultType: string;
  resultSample: string;
  failSample: string;
  /** Stored parameters that are no backend side of a row. */
  otherService: Fields[];
  /** Stored mappings that no row shows. */
  otherMap: Fields[];
  /** The order in which the backend sides and the mappings were stored, by name. */
  order: { services: string[]; map: string[] };
  disableInternet: boolean;
  /** What the form does not show, as `ModifyApi` takes it; it replaces the whole draft. */
  others: Fields;
}

export const NEW_DRAFT: Draft = {
  groupId: '',
  name: '',
  description: '',
  visibility: 'PRIVATE',
  authType: 'APP',
  appCode: 'HEADER_QUERY',
  signature: 'HmacSHA256',
  forceNonce: false,
  request: { RequestProtocol: 'HTTP,HTTPS', RequestHttpMethod: 'GET', RequestPath: '/', RequestMode: 'PASSTHROUGH' },
  service: {
    ServiceProtocol: 'HTTP',
    ServiceVpcEnable: 'TRUE',
    ServicePath: '/',
    ServiceHttpMethod: 'GET',
    ServiceTimeout: 10000,
    Mock: 'FALSE',
    VpcConfig: { Name: '' },
  },
  parameters: [],
  constants: [],
  systems: [],
  resultType: 'JSON',
  resultSample: '',
  failSample: '',
  otherService: [],
  otherMap: [],
  order: { services: [], map: [] },
  disableInternet: false,
  others: {},
};

const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));

/** From what `DescribeApi` answers. */
export function readDraft(api: Answer<'DescribeApi'>): Draft {
  const map = (api.ServiceParametersMap?.ServiceParameterMap ?? []) as Fields[];
  const service = (api.ServiceParameters?.ServiceParameter ?? []) as Fields[];
  const shown = new Set<Fields>();
  const parameters = ((api.RequestParameters?.RequestParameter ?? []) as Fields[]).map((request) => {
    // A row has one backend side; what more there is of it stays as it is.
    const entry = map.find(
      (one) =>
        !shown.has(one) &&
        one.RequestParameterName === request.ApiParameterName &&
        service.some((side) => !shown.has(side) && side.ServiceParameterName === one.ServiceParameterName),
    );
    const backendName = text(entry?.ServiceParameterName);
    const side = service.find((one) => !shown.has(one) && one.ServiceParameterName === backendName) ?? {};
    if (entry) {
      shown.add(entry);
      shown.add(side);
    }
    return {
      name: text(request.ApiParameterName),
      location: text(request.Location).toUpperCase(),
      type: text(request.ParameterType) || 'String',
      required: isRequired(request.Required),
      default: text(request.DefaultValue),
      backendName,
      backendLocation: text(side.Location).toUpperCase() || text(request.Location).toUpperCase(),
      stored: { request, service: side, entry: entry ?? {} },
    };
  });
  const { MockHeaders, ...serviceConfig } = (api.ServiceConfig ?? {}) as Fields;
  const headers = (MockHeaders as { MockHeader?: unknown[] } | undefined)?.MockHeader;
  return {
    groupId: text(api.GroupId),
    name: text(api.ApiName),
    description: text(api.Description),
    visibility: text(api.Visibility) || 'PRIVATE',
    authType: text(api.AuthType) || 'APP',
    appCode: text(api.AppCodeAuthType) || 'DEFAULT',
    signature: text(api.AllowSignatureMethod) || 'HmacSHA256',
    forceNonce: api.ForceNonceCheck === true,
    request: present((api.RequestConfig ?? {}) as Fields),
    service: present({ ...serviceConfig, ...(headers?.length ? { MockHeaders: headers } : {}) }),
    parameters,
    constants: (api.ConstantParameters?.ConstantParameter ?? []) as Fields[],
    systems: (api.SystemParameters?.SystemParameter ?? []) as Fields[],
    resultType: text(api.ResultType),
    resultSample: text(api.ResultSample),
    failSample: text(api.FailResultSample),
    otherService: service.filter((one) => !shown.has(one)),
    otherMap: map.filter((one) => !shown.has(one)),
    order: {
      services: service.map((one) => text(one.ServiceParameterName)),
      map: map.map(mappingName),
    },
    disableInternet: api.DisableInternet === true,
    others: present({
      OpenIdConnectConfig: unlessEmpty(present((api.OpenIdConnectConfig ?? {}) as Fields)),
      ErrorCodeSamples: api.ErrorCodeSamples?.ErrorCodeSample?.length
        ? api.ErrorCodeSamples.ErrorCodeSample
        : undefined,
      ResultDescriptions: api.ResultDescriptions?.ResultDescription?.length
        ? api.ResultDescriptions.ResultDescription
        : undefined,
      ResultBodyModel: api.ResultBodyModel,
      WebSocketApiType: api.WebSocketApiType === 'COMMON' ? undefined : api.WebSocketApiType,
      BackendEnable: api.BackendEnable || undefined,
      BackendId: api.BackendEnable ? api.BackendConfig?.BackendId : undefined,
    }),
  };
}

/** For `CreateApi` and `ModifyApi`. */
export function writeDraft(draft: Draft): Omit<Params<'CreateApi'>, 'GroupId'> {
  const requests = draft.parameters.map((row, index) => ({
    ...row.stored.request,
    ApiParameterName: row.name,
    Location: unlessSame(row.stored.request.Location, row.location),
    ParameterType: isNew(row) || row.type !== 'String' ? row.type : row.stored.request.ParameterType,
    Required: requiredText(row),
    ...(row.default || row.stored.request.DefaultValue !== undefined ? { DefaultValue: row.default } : {}),
    ...(isNew(row) ? { DocOrder: index } : {}),
  }));
  const sides = draft.parameters.filter((row) => row.backendName);
  const services = inStoredOrder(draft.order.services, [
    ...sides.map((row): Placed => [text(row.stored.service.ServiceParameterName), sideOf(row)]),
    ...draft.otherService.map((one): Placed => [text(one.ServiceParameterName), one]),
  ]);
  const map = inStoredOrder(draft.order.map, [
    ...sides.map((row): Placed => {
      const { entry = {} } = row.stored;
      const changed = { ...entry, ServiceParameterName: row.backendName, RequestParameterName: row.name };
      return [mappingName(entry), changed];
    }),
    ...draft.otherMap.map((one): Placed => [mappingName(one), one]),
  ]);
  const list = (rows: unknown[]) => (rows.length > 0 ? JSON.stringify(rows) : undefined);
  return {
    ApiName: draft.name.trim(),
    Description: draft.description,
    Visibility: draft.visibility,
    AuthType: draft.authType,
    AppCodeAuthType: draft.appCode,
    AllowSignatureMethod: draft.signature,
    ForceNonceCheck: draft.forceNonce,
    RequestConfig: JSON.stringify(draft.request),
    ServiceConfig: JSON.stringify(draft.service),
    RequestParameters: list(requests),
    ServiceParameters: list(services),
    ServiceParametersMap: list(map),
    ConstantParameters: list(draft.constants),
    SystemParameters: list(draft.systems),
    ResultType: draft.resultType || undefined,
    ResultSample: draft.resultSample || undefined,
    FailResultSample: draft.failSample || undefined,
    DisableInternet: draft.disableInternet,
    ...Object.fromEntries(
      Object.entries(draft.others).map(([name, value]) => [
        name,
        typeof value === 'object' ? JSON.stringify(value) : value,
      ]),
    ),
  };
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

/** What was stored in other letters stays so while it means the same. */
const unlessSame = (stored: unknown, shown: string): unknown => (text(stored).toUpperCase() === shown ? stored : shown);

const isRequired = (stored: unknown) => ['REQUIRED', 'TRUE'].includes(text(stored).toUpperCase());

function requiredText(row: ParameterRow): unknown {
  const stored = row.stored.request.Required;
  if (!isNew(row) && isRequired(stored) === row.required) return stored;
  return row.required ? 'REQUIRED' : 'OPTIONAL';
}

const isNew = (row: ParameterRow) => row.stored.request.ApiParameterName === undefined;

function sideOf(row: ParameterRow): Fields {
  const { service } = row.stored;
  return {
    ...service,
    ServiceParameterName: row.backendName,
    Location: unlessSame(service.Location, row.backendLocation),
    ParameterType: service.ServiceParameterName === undefined ? row.type : service.ParameterType,
  };
}

const mappingName = (one: Fields) => `${text(one.ServiceParameterName)} ${text(one.RequestParameterName)}`;

type Placed = [storedName: string, row: Fields];

/** What was stored keeps its place; what is new comes last. */
function inStoredOrder(stored: string[], rows: Placed[]): Fields[] {
  const place = new Map(stored.map((one, index) => [one, index]));
  const at = (name: string) => place.get(name) ?? stored.length;
  return [...rows].sort(([a], [b]) => at(a) - at(b)).map(([, row]) => row);
}

const unlessEmpty = (fields: Fields) => (Object.keys(fields).length > 0 ? fields : undefined);

/** Names of the `[…]` in a path. */
export const placeholders = (path: string): string[] =>
  [...path.matchAll(/\[([^\]/]+)\]/g)].map((match) => match[1] as string);

export type BackendType = 'VPC' | 'HTTP' | 'FUNCTION' | 'MOCK' | 'OTHER';

export function backendType(service: Fields): BackendType {
  if (['TRUE', 'OPEN'].includes(text(service.Mock).toUpperCase())) return 'MOCK';
  if (text(service.ServiceVpcEnable).toUpperCase() === 'TRUE') return 'VPC';
  const protocol = text(service.ServiceProtocol).toUpperCase() || 'HTTP';
  if (protocol === 'FUNCTIONCOMPUTE') return 'FUNCTION';
  return protocol === 'HTTP' || protocol === 'HTTPS' ? 'HTTP' : 'OTHER';
}

/** The fields of the kind that was stay, so that going back finds them. */
export function withBackendType(service: Fields, kind: Exclude<BackendType, 'OTHER'>): Fields {
  if (kind === 'MOCK') return { ...service, Mock: 'TRUE' };
  const protocol = kind === 'FUNCTION' ? 'FunctionCompute' : backendProtocol(service);
  return { ...service, Mock: 'FALSE', ServiceVpcEnable: kind === 'VPC' ? 'TRUE' : 'FALSE', ServiceProtocol: protocol };
}

const backendProtocol = (service: Fields) =>
  text(service.ServiceProtocol).toUpperCase() === 'HTTPS' ? 'HTTPS' : 'HTTP';

export const accessName = (service: Fields): string => text((service.VpcConfig as Fields | undefined)?.Name);
