// Reading a draft and writing it again changes nothing, whatever the form does not know.
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../api/client';
import { fromYaml, toYaml } from './document';
import { readDraft, writeDraft } from './draft';

type Stored = Record<string, unknown>;

/** What `DescribeApi` answers for what was sent. */
function described(sent: Stored): Answer<'DescribeApi'> {
  const list = (name: string) => (typeof sent[name] === 'string' ? JSON.parse(sent[name] as string) : []);
  const service = JSON.parse(sent.ServiceConfig as string) as Stored;
  const headers = service.MockHeaders;
  return {
    ...sent,
    GroupId: 'g',
    RequestConfig: JSON.parse(sent.RequestConfig as string),
    ServiceConfig: headers ? { ...service, MockHeaders: { MockHeader: headers } } : service,
    RequestParameters: { RequestParameter: list('RequestParameters') },
    ServiceParameters: { ServiceParameter: list('ServiceParameters') },
    ServiceParametersMap: { ServiceParameterMap: list('ServiceParametersMap') },
    ConstantParameters: { ConstantParameter: list('ConstantParameters') },
    SystemParameters: { SystemParameter: list('SystemParameters') },
    ErrorCodeSamples: { ErrorCodeSample: list('ErrorCodeSamples') },
    ResultDescriptions: { ResultDescription: list('ResultDescriptions') },
    OpenIdConnectConfig: sent.OpenIdConnectConfig ? JSON.parse(sent.OpenIdConnectConfig as string) : undefined,
    BackendConfig: { BackendId: sent.BackendId },
  } as unknown as Answer<'DescribeApi'>;
}

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (value && typeof value === 'object') {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return Object.fromEntries(
      entries.sort(([a], [b]) => a.localeCompare(b)).map(([key, inner]) => [key, canonical(inner)]),
    );
  }
  if (typeof value === 'string' && /^[[{]/.test(value)) return canonical(JSON.parse(value));
  return value;
};

const FIXTURES: Record<string, Stored> = {
  'a pass-through API behind a VPC access': {
    ApiName: 'nginx-test',
    Description: 'd',
    Visibility: 'PRIVATE',
    AuthType: 'APP',
    AppCodeAuthType: 'HEADER_QUERY',
    AllowSignatureMethod: 'HmacSHA256',
    ForceNonceCheck: false,
    RequestConfig:
      '{"RequestProtocol":"HTTP","RequestHttpMethod":"GET","RequestPath":"/n","RequestMode":"PASSTHROUGH","BodyFormat":"STREAM","PostBodyDescription":"kept"}',
    ServiceConfig:
      '{"ServiceProtocol":"HTTP","ServiceVpcEnable":"TRUE","ServicePath":"/","ServiceTimeout":1000,"VpcConfig":{"Name":"a","VpcTargetHostName":"h"},"Mock":"FALSE"}',
    ResultType: 'JSON',
    ResultSample: '{}',
    DisableInternet: true,
    BackendEnable: true,
    BackendId: 'b-1',
    WebSocketApiType: 'NOTIFY',
    ResultBodyModel: '{"type":"object"}',
    OpenIdConnectConfig: '{"OpenIdApiType":"IDTOKEN","PublicKeyId":"k","PublicKey":"p"}',
    ErrorCodeSamples: '[{"Code":"1","Message":"m","Description":"d"}]',
    ResultDescriptions: '[{"Id":"1","Pid":"0","HasChild":false,"Key":"k","Name":"n","Mandatory":true,"Type":"t"}]',
  },
  'a mapping API with every kind of parameter': {
    ApiName: 'mapped',
    DisableInternet: false,
    Description: '',
    Visibility: 'PUBLIC',
    AuthType: 'ANONYMOUS',
    AppCodeAuthType: 'DEFAULT',
    AllowSignatureMethod: 'HmacSHA1,HmacSHA256',
    ForceNonceCheck: true,
    RequestConfig:
      '{"RequestProtocol":"HTTP,HTTPS","RequestHttpMethod":"POST","RequestPath":"/u/[id]","RequestMode":"MAPPING","BodyFormat":"FORM"}',
    ServiceConfig:
      '{"ServiceProtocol":"HTTP","ServiceAddress":"http://b.example.com","ServicePath":"/x/[uid]","ServiceHttpMethod":"POST","ServiceTimeout":500,"Mock":"TRUE","MockResult":"m","MockStatusCode":201,"MockHeaders":[{"HeaderName":"a","HeaderValue":"b"}]}',
    RequestParameters:
      '[{"ApiParameterName":"id","Location":"PATH","ParameterType":"Long","Required":"REQUIRED","MinValue":1,"DocOrder":7},{"ApiParameterName":"q","Location":"QUERY","ParameterType":"String","Required":"OPTIONAL","DefaultValue":"z","RegularExpression":"^[a-z]$","DocOrder":8},{"ApiParameterName":"unmapped","Location":"HEAD","ParameterType":"String","Required":"OPTIONAL","DocOrder":9}]',
    ServiceParameters:
      '[{"ServiceParameterName":"uid","Location":"PATH","ParameterType":"NUMBER"},{"ServiceParameterName":"qq","Location":"HEAD","ParameterType":"STRING"},{"ServiceParameterName":"lonely","Location":"QUERY","ParameterType":"STRING"}]',
    ServiceParametersMap:
      '[{"ServiceParameterName":"uid","RequestParameterName":"id"},{"ServiceParameterName":"qq","RequestParameterName":"q"}]',
    ConstantParameters: '[{"ServiceParameterName":"c","ConstantValue":"1","Location":"HEAD","Description":"d"}]',
    SystemParameters: '[{"ParameterName":"CaClientIp","ServiceParameterName":"ip","Location":"HEAD","DemoValue":"x"}]',
  },
};

describe('a draft', () => {
  for (const [name, sent] of Object.entries(FIXTURES)) {
    it(`comes back as it was: ${name}`, () => {
      const { GroupId: _group, ...written } = { GroupId: '', ...writeDraft(readDraft(described(sent))) };
      expect(canonical(written)).toEqual(canonical(sent));
    });
  }

  for (const [name, sent] of Object.entries(FIXTURES)) {
    it(`comes back from YAML as it was: ${name}`, () => {
      const draft = readDraft(described(sent));
      const { GroupId: _group, ...written } = { GroupId: '', ...writeDraft(fromYaml(toYaml(draft), draft.groupId)) };
      expect(canonical(written)).toEqual(canonical(sent));
    });
  }

  it('tells what is wrong with a text that is no definition', () => {
    expect(() => fromYaml('ApiName: [', 'g')).toThrow(/line 1/i);
    expect(() => fromYaml('- a', 'g')).toThrow(/ApiName/);
    expect(() => fromYaml('RequestConfig: text', 'g')).toThrow(/RequestConfig/);
    expect(() => fromYaml('RequestParameters: {a: 1}', 'g')).toThrow(/RequestParameters/);
    expect(() => fromYaml('Requestconfig: {}', 'g')).toThrow(/Requestconfig/);
  });

  it('keeps what the grid does not show when a row is changed', () => {
    const draft = readDraft(described(FIXTURES['a mapping API with every kind of parameter'] as Stored));
    const [first, ...others] = draft.parameters;
    if (!first) throw new Error('no parameter');
    const written = writeDraft({ ...draft, parameters: [{ ...first, required: false }, ...others] });
    const [parameter] = JSON.parse(written.RequestParameters ?? '[]') as Stored[];
    expect(parameter).toMatchObject({ Required: 'OPTIONAL', MinValue: 1, DocOrder: 7, ParameterType: 'Long' });
  });
});
