// A bound domain as its form has it, and the calls that make it so. Invariant: read and written without an edit, it is the same.
import type { Params } from '../../api/client';
import type { Domain } from './queries';

export interface DomainForm extends Record<string, unknown> {
  name: string;
  group: string;
  stage: string;
  network: string;
  redirect: boolean;
  websocket: boolean;
  force: boolean;
  patterns: string;
}

export function readDomain(domain?: Domain, groupId?: string): DomainForm {
  const patterns = domain?.WildcardDomainPatterns ? (JSON.parse(domain.WildcardDomainPatterns) as string[]) : [];
  return {
    name: domain?.DomainName ?? '',
    group: domain?.GroupId ?? groupId ?? '',
    stage: domain?.BindStageName ?? '',
    network: domain?.CustomDomainType ?? 'INTERNET',
    redirect: domain?.IsHttpRedirectToHttps ?? false,
    websocket: domain?.DomainWebSocketStatus === 'OPEN',
    force: false,
    patterns: patterns.join('\n'),
  };
}

export interface DomainCalls {
  bind: Params<'SetDomain'>;
  websocket?: Params<'SetDomainWebSocketStatus'>;
  patterns?: Params<'SetWildcardDomainPatterns'>;
}

/** What nobody changed of a domain that is bound already is not called for. */
export function writeDomain(form: DomainForm, before: DomainForm): DomainCalls {
  const place = { GroupId: form.group, DomainName: form.name.trim() };
  const calls: DomainCalls = {
    bind: {
      ...place,
      BindStageName: form.stage || undefined,
      CustomDomainType: form.network,
      IsHttpRedirectToHttps: form.redirect,
      IsForce: form.force || undefined,
    },
  };
  if (form.websocket !== before.websocket) {
    calls.websocket = { ...place, ActionValue: form.websocket ? 'OPEN' : 'CLOSE' };
  }
  if (place.DomainName.startsWith('*.') && form.patterns !== before.patterns) {
    const patterns = form.patterns.split('\n').map((line) => line.trim());
    calls.patterns = { ...place, WildcardDomainPatterns: JSON.stringify(patterns.filter(Boolean)) };
  }
  return calls;
}
