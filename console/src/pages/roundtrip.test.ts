// Opening and saving changes nothing: variables of stages, networks, domains and models of backends, each generated.
import { describe, expect, it } from 'vitest';
import { dataOf, type Model } from './backends/model';
import { type DomainForm, readDomain, writeDomain } from './domains/domain';
import type { Domain } from './domains/queries';
import { readVariable, type Variable, writeVariable } from './groups/route';
import { type Network, readNetwork, writeNetwork } from './networks/network';

type Pick1 = (below: number) => number;
const SEEDS = Array.from({ length: 300 }, (_, index) => index + 1);

/** Always the same numbers from one seed. */
function numbers(seed: number): Pick1 {
  let state = seed * 7919;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const one = <T>(next: Pick1, ...choices: T[]): T => choices[next(choices.length)] as T;
const some = <T>(next: Pick1, make: (index: number) => T, most = 4): T[] =>
  Array.from({ length: next(most) }, (_, index) => make(index));
const word = (next: Pick1) => one(next, 'a', '名字', 'b c', 'x-1', '{"y": 2}', '0', 'TRUE');
const clean = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function variable(next: Pick1): Variable {
  const plain = { VariableName: `V${next(9)}`, VariableValue: one(next, '', word(next)) };
  if (next(2) === 0) return { ...plain, SupportRoute: false };
  const rules = [0, ...some(next, (index) => index + 1)].map((index) => ({
    ConditionValue: `${index},${word(next)}`,
    ResultValue: word(next),
  }));
  const route = {
    ParameterCatalog: 'CUSTOM',
    RouteMatchSymbol: 'IN',
    ParameterType: one(next, 'String', 'INT', 'LONG'),
  };
  return {
    ...plain,
    SupportRoute: true,
    StageRouteModel: {
      ...route,
      ...(next(2) ? { Later: next(9) } : {}),
      ServiceParameterName: word(next),
      Location: one(next, 'HEAD', 'QUERY', 'PATH'),
      RouteRules: { RouteRuleItem: rules },
    } as Variable['StageRouteModel'],
  };
}

function attachment(next: Pick1): Record<string, unknown> {
  const mode = one(next, 'host', 'connector', 'wireguard', 'socks5', 'http_connect', 'later');
  const made: Record<string, unknown> = { mode };
  if (mode === 'host' && next(2)) made.device = 'eth1';
  if (mode === 'connector' || mode === 'wireguard') made.socket = '/run/a.sock';
  if (mode === 'wireguard') Object.assign(made, { peer_key: 'k', endpoint: 'e:1', addresses: ['10.9.0.2/32'] });
  if (mode === 'socks5' || mode === 'http_connect')
    Object.assign(made, { host: 'b', port: 1 + next(9), password: '***' });
  if (next(2)) made.unknown = { deep: [next(9)] };
  return made;
}

const network = (next: Pick1): Network => ({
  NetworkId: `vpc-${next(99)}`,
  Name: one(next, '', 'a', '名字'),
  Cidrs: some(next, (index) => `10.${index}.0.0/24`),
  Attachment: JSON.stringify(attachment(next)),
  Instances: JSON.stringify(Object.fromEntries(some(next, (index) => [`i-${index}`, `10.0.0.${index}`]))),
});

const domain = (next: Pick1): Domain => ({
  DomainName: one(next, 'a.example.com', '*.wild.example.com'),
  GroupId: 'g',
  BindStageName: one(next, '', 'RELEASE', 'UAT'),
  CustomDomainType: one(next, 'INTERNET', 'INTRANET'),
  IsHttpRedirectToHttps: next(2) === 0,
  DomainWebSocketStatus: one(next, 'OPEN', 'CLOSE'),
  WildcardDomainPatterns: one(next, undefined, '["{a}.wild.example.com","{b}.wild.example.com"]'),
});

function config(next: Pick1, depth = 0): Record<string, unknown> {
  const value = () => one<unknown>(next, word(next), next(99), next(2) === 0, [word(next)], null);
  const names = ['ServiceAddress', 'ServiceTimeout', 'VpcConfig', 'MockConfig', 'Unknown'].filter(() => next(3) > 0);
  return Object.fromEntries(names.map((name) => [name, depth < 2 && next(2) ? config(next, depth + 1) : value()]));
}

describe('opening and saving', () => {
  it('changes nothing of a variable', () => {
    for (const seed of SEEDS) {
      const stored = variable(numbers(seed));
      const { StageRouteModel, ...written } = writeVariable(readVariable(stored)) as unknown as Record<string, string>;
      const route = StageRouteModel && JSON.parse(StageRouteModel);
      const { StageRouteModel: shown, ...rest } = stored;
      expect(written, String(seed)).toEqual(rest);
      expect(route, String(seed)).toEqual(shown && { ...shown, RouteRules: shown.RouteRules?.RouteRuleItem });
    }
  });

  it('changes nothing of a network', () => {
    for (const seed of SEEDS) {
      const stored = network(numbers(seed));
      const written = writeNetwork(readNetwork(stored), stored);
      expect({ ...written, Cidrs: written.Cidrs.split(',').filter(Boolean) }, String(seed)).toEqual({
        ...stored,
        Attachment: expect.anything(),
      });
      expect(JSON.parse(written.Attachment), String(seed)).toEqual(JSON.parse(stored.Attachment ?? ''));
    }
  });

  it('changes nothing of a domain, and calls for nothing more than its binding', () => {
    for (const seed of SEEDS) {
      const stored = domain(numbers(seed));
      const form: DomainForm = readDomain(stored);
      const { DomainWebSocketStatus: _, WildcardDomainPatterns: __, ...bound } = stored;
      const expected = { ...bound, BindStageName: bound.BindStageName || undefined };
      expect(clean(writeDomain(form, form)), String(seed)).toEqual(clean({ bind: expected }));
    }
  });

  it('changes nothing of where a backend leads', () => {
    for (const seed of SEEDS) {
      const stored = config(numbers(seed));
      expect(dataOf({ BackendConfig: { Type: 'HTTP', ...stored } } as Model), String(seed)).toEqual(stored);
    }
  });
});
