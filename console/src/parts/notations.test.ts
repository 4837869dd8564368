import { expect, it } from 'vitest';
import { notationsOf, showAs, snakeCase } from './notations';

const PARAMS = { GroupName: "it's", BasePath: '/', Description: '', Tag: undefined };
const ENDPOINT = 'http://127.0.0.1:7080';

it('writes the same call for the CLI, the SDK and Terraform', () => {
  expect(showAs('CLI', 'CreateApiGroup', PARAMS, ENDPOINT)).toBe(
    "aliyun cloudapi CreateApiGroup --endpoint 127.0.0.1:7080 \\\n  --GroupName 'it'\\''s' \\\n  --BasePath / \\\n  --insecure",
  );
  const python = showAs('Python', 'CreateApi', { ServiceConfig: { Mock: 'TRUE' }, AppId: 7 }, ENDPOINT);
  expect(python).toContain(
    'gateway.create_api(models.CreateApiRequest(\n    service_config="{\\"Mock\\":\\"TRUE\\"}",\n    app_id=7,\n))',
  );
  expect(showAs('Terraform', 'CreateApiGroup', { GroupName: '$'.concat('{a}'), BasePath: '/' }, ENDPOINT)).toBe(
    'resource "alicloud_api_gateway_group" "this" {\n  name      = "$$'.concat('{a}"\n  base_path = "/"\n}\n'),
  );
});

it('offers Terraform only where its provider has the same resource', () => {
  expect(notationsOf('CreateApp')).toContain('Terraform');
  expect(notationsOf('CreateApi')).not.toContain('Terraform');
});

it('names fields as the SDK does', () => {
  expect(['ApiId', 'AddressIPVersion', 'SslOcspEnable', 'IPV6Enabled'].map(snakeCase)).toEqual([
    'api_id',
    'address_ip_version',
    'ssl_ocsp_enable',
    'ipv6_enabled',
  ]);
});
