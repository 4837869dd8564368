// Whose numbers are shown, as the page's address has it.
import type { Params } from '../../api/client';

export const SCOPES = ['all', 'instance', 'group', 'api', 'app'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Place {
  scope?: Scope;
  id?: string;
  stage?: string;
  range?: string;
}

export function readPlace(search: { [name: string]: unknown }): Place {
  const text = (value: unknown) =>
    typeof value === 'number' ? String(value) : typeof value === 'string' && value !== '' ? value : undefined;
  const scope = SCOPES.find((one) => one === search.scope && one !== 'all');
  return { scope, id: scope && text(search.id), stage: text(search.stage), range: text(search.range) };
}

/** All, until something is chosen. */
export function placeParams(place: Place): Omit<Params<'DescribeTraffic'>, 'StartTime' | 'EndTime'> {
  const { scope, id, stage } = place;
  if (scope === 'app') return id ? { AppId: Number(id) } : {};
  return {
    ApiId: scope === 'api' ? id : undefined,
    GroupId: scope === 'group' ? id : undefined,
    InstanceId: scope === 'instance' ? id : undefined,
    StageName: stage,
  };
}
