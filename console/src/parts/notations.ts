// One management call in the notations of the tools that make the same call.
import { stringify } from 'yaml';

export const NOTATIONS = ['CLI', 'Python', 'Terraform', 'YAML'] as const;
export type Notation = (typeof NOTATIONS)[number];

export type CallParams = Record<string, unknown>;

/** The provider's resource of an operation, and the arguments that are named otherwise than the snake-case parameter. */
const RESOURCES: Record<string, { type: string; names: Record<string, string> }> = {
  CreateApiGroup: { type: 'alicloud_api_gateway_group', names: { GroupName: 'name', BasePath: 'base_path' } },
  CreateApp: { type: 'alicloud_api_gateway_app', names: { AppName: 'name' } },
  SetVpcAccess: { type: 'alicloud_api_gateway_vpc_access', names: {} },
  CreatePlugin: { type: 'alicloud_api_gateway_plugin', names: {} },
};

/** Terraform only for what its provider has in the same form. */
export function notationsOf(operation: string): Notation[] {
  return NOTATIONS.filter((one) => one !== 'Terraform' || operation in RESOURCES);
}

export function showAs(notation: Notation, operation: string, params: CallParams, endpoint: string): string {
  const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== '');
  switch (notation) {
    case 'CLI':
      return cli(operation, given, endpoint);
    case 'Python':
      return python(operation, given, endpoint);
    case 'Terraform':
      return terraform(operation, given);
    case 'YAML':
      return stringify({ [operation]: Object.fromEntries(given) });
  }
}

type Given = Array<[string, unknown]>;

const asText = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
const quoted = (text: string) => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

export const snakeCase = (name: string) =>
  name
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();

function cli(operation: string, given: Given, endpoint: string): string {
  const host = endpoint.replace(/^https?:\/\//, '');
  const lines = [`aliyun cloudapi ${operation} --endpoint ${host}`];
  for (const [name, value] of given) lines.push(`--${name} ${quoted(asText(value))}`);
  if (endpoint.startsWith('http:')) lines.push('--insecure');
  return lines.join(' \\\n  ');
}

function python(operation: string, given: Given, endpoint: string): string {
  const host = endpoint.replace(/^https?:\/\//, '');
  const protocol = endpoint.startsWith('https') ? 'https' : 'http';
  const fields = given.map(([name, value]) => {
    const literal = typeof value === 'number' ? String(value) : JSON.stringify(asText(value));
    return `    ${snakeCase(name)}=${literal},`;
  });
  return [
    'import os',
    'from alibabacloud_cloudapi20160714 import client, models',
    'from alibabacloud_tea_openapi.models import Config',
    '',
    'gateway = client.Client(Config(',
    '    access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],',
    '    access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],',
    `    endpoint=${JSON.stringify(host)}, protocol=${JSON.stringify(protocol)},`,
    '))',
    `gateway.${snakeCase(operation)}(models.${operation}Request(`,
    ...fields,
    '))',
    '',
  ].join('\n');
}

function terraform(operation: string, given: Given): string {
  const resource = RESOURCES[operation];
  if (!resource) return '';
  const named = given.map(([name, value]): [string, string] => [
    resource.names[name] ?? snakeCase(name),
    typeof value === 'number' ? String(value) : JSON.stringify(asText(value)).replaceAll('${', () => '$${'),
  ]);
  const width = Math.max(0, ...named.map(([name]) => name.length));
  return [
    `resource "${resource.type}" "this" {`,
    ...named.map(([name, value]) => `  ${name.padEnd(width)} = ${value}`),
    '}',
    '',
  ].join('\n');
}
