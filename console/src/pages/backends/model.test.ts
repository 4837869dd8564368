import { expect, it } from 'vitest';
import { dataOf, type Model, startOf, WITH_INPUTS, whereTo } from './model';

it('gives the data of a model without what only an answer has', () => {
  const config = { Type: 'HTTP', ServiceAddress: 'http://a', ServiceTimeout: 7000, Unknown: { deep: [1] } };
  const { Type: _, ...data } = config;
  expect(dataOf({ BackendConfig: config } as Model)).toEqual(data);
});

it('begins each type with inputs with its own structure', () => {
  for (const type of WITH_INPUTS) expect(Object.keys(startOf(type)).length, type).toBeGreaterThan(0);
  expect(startOf('FC_HTTP_V3')).toEqual(startOf('FC_HTTP'));
});

it('tells in a few words where each leads', () => {
  expect(whereTo('VPC', { VpcConfig: { Name: 'web' } })).toBe('web');
  expect(whereTo('FC_HTTP', { FunctionComputeConfig: { FcBaseUrl: 'https://f' } })).toBe('https://f');
  const dns = { RcType: 'DNS', DnsConfig: { Name: 'a.example.com', Port: 80 } };
  expect(whereTo('DISCOVERY', { DiscoveryConfig: dns })).toBe('DNS a.example.com:80');
  expect(whereTo('OSS', { OssConfig: { BucketName: 'b' } })).toBe('{"OssConfig":{"BucketName":"b"}}');
});
