import { expect, it } from 'vitest';
import { type Model, readModel, writeModel } from './model';

it('keeps of an HTTP backend what the form does not show', () => {
  const config = {
    Type: 'HTTP',
    ServiceAddress: 'http://a',
    ServiceTimeout: 7000,
    FunctionComputeConfig: { FcType: 'x' },
  };
  const model = { BackendConfig: config } as Model;
  const { Type: _, ...data } = config;
  expect(writeModel('HTTP', readModel(model), model)).toEqual(data);
});

it('writes what each type needs', () => {
  const empty = readModel(undefined);
  expect(writeModel('VPC', { ...empty, access: 'web' }, undefined)).toEqual({
    ServiceTimeout: 10000,
    VpcConfig: { Name: 'web' },
  });
  expect(writeModel('MOCK', { ...empty, body: 'hi', status: '201' }, undefined)).toEqual({
    MockConfig: { MockResult: 'hi', MockStatusCode: 201 },
  });
  expect(writeModel('OSS', { ...empty, json: '{"OssConfig": {"BucketName": "b"}}' }, undefined)).toEqual({
    OssConfig: { BucketName: 'b' },
  });
});
