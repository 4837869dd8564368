// What pages read, each under one name so that a write can say what became stale.
import { type QueryFunctionContext, useQuery } from '@tanstack/react-query';
import { type Answer, call, callAll } from './client';

type Item<T> = T extends Array<infer U> ? U : never;
export type Group = Item<
  NonNullable<NonNullable<Answer<'DescribeApiGroups'>['ApiGroupAttributes']>['ApiGroupAttribute']>
>;
export type Api = Item<NonNullable<NonNullable<Answer<'DescribeApis'>['ApiSummarys']>['ApiSummary']>>;
export type Access = Item<
  NonNullable<NonNullable<Answer<'DescribeVpcAccesses'>['VpcAccessAttributes']>['VpcAccessAttribute']>
>;
export type App = Item<NonNullable<NonNullable<Answer<'DescribeAppAttributes'>['Apps']>['AppAttribute']>>;
export type Plugin = Item<NonNullable<NonNullable<Answer<'DescribePlugins'>['Plugins']>['PluginAttribute']>>;
export type Instance = Item<NonNullable<NonNullable<Answer<'DescribeInstances'>['Instances']>['InstanceAttribute']>>;
export type Edition = Item<NonNullable<NonNullable<Answer<'DescribeHistoryApis'>['ApiHisItems']>['ApiHisItem']>>;

export const STAGES = ['RELEASE', 'PRE', 'TEST'] as const;
export type Stage = (typeof STAGES)[number];

/** A long list is shown from its first page on; one that is read again stays whole meanwhile. */
function shownEarly<T>({ client, queryKey }: QueryFunctionContext): ((rows: T[]) => void) | undefined {
  const isFirst = client.getQueryData(queryKey) === undefined;
  return isFirst ? (rows) => client.setQueryData(queryKey, rows) : undefined;
}

export const useGroups = () =>
  useQuery({
    queryKey: ['groups'],
    queryFn: () => callAll('DescribeApiGroups', {}, (answer) => answer.ApiGroupAttributes?.ApiGroupAttribute),
  });

export const useGroup = (groupId: string) =>
  useQuery({ queryKey: ['groups', groupId], queryFn: () => call('DescribeApiGroup', { GroupId: groupId }) });

export const useApis = (groupId?: string) =>
  useQuery({
    queryKey: ['apis', 'list', groupId ?? ''],
    queryFn: (context) =>
      callAll('DescribeApis', { GroupId: groupId }, (answer) => answer.ApiSummarys?.ApiSummary, shownEarly(context)),
  });

export const useApi = (groupId: string, apiId: string) =>
  useQuery({
    queryKey: ['apis', apiId],
    queryFn: () => call('DescribeApi', { GroupId: groupId, ApiId: apiId }),
    enabled: apiId !== '',
  });

export const useAccesses = () =>
  useQuery({
    queryKey: ['accesses'],
    queryFn: () => callAll('DescribeVpcAccesses', {}, (answer) => answer.VpcAccessAttributes?.VpcAccessAttribute),
  });

export const useNetworks = () =>
  useQuery({
    queryKey: ['networks'],
    queryFn: () => callAll('DescribeNetworks', {}, (answer) => answer.Networks?.Network),
  });

export const useApps = () =>
  useQuery({
    queryKey: ['apps'],
    queryFn: (context) =>
      callAll('DescribeAppAttributes', {}, (answer) => answer.Apps?.AppAttribute, shownEarly(context)),
  });

export const useSecurities = (appId: number | undefined) =>
  useQuery({
    queryKey: ['apps', 'securities', appId],
    queryFn: () =>
      callAll('DescribeAppSecurities', { AppId: appId as number }, (answer) => answer.AppSecuritys?.AppSecurity),
    enabled: appId !== undefined,
  });

export const useHistory = (groupId: string, apiId: string) =>
  useQuery({
    queryKey: ['apis', 'history', apiId],
    queryFn: () =>
      callAll('DescribeHistoryApis', { GroupId: groupId, ApiId: apiId }, (answer) => answer.ApiHisItems?.ApiHisItem),
  });

export const usePlugins = () =>
  useQuery({
    queryKey: ['plugins'],
    queryFn: () => callAll('DescribePlugins', {}, (answer) => answer.Plugins?.PluginAttribute),
  });

export const useInstances = () =>
  useQuery({
    queryKey: ['instances'],
    queryFn: async () => (await call('DescribeInstances', {})).Instances?.InstanceAttribute ?? [],
    // An engine tells its addresses a moment after it has a new network.
    refetchInterval: (query) => (egressOf(query.state.data).length > 0 ? false : 2_000),
  });

export const useEngines = () =>
  useQuery({ queryKey: ['engines'], queryFn: () => call('DescribeEngines', {}), refetchInterval: 10_000 });

/** The addresses that backends see. */
export function egressOf(instances: Array<{ VpcEgressAddress?: string }> | undefined): string[] {
  return (instances ?? [])
    .flatMap((one) => (one.VpcEgressAddress ?? '').split(','))
    .map((one) => one.trim())
    .filter(Boolean);
}

export function when(text: string | undefined): string {
  if (!text) return '';
  const read = new Date(text);
  return Number.isNaN(read.getTime())
    ? text
    : read.toLocaleString(document.documentElement.lang || 'en', {
        dateStyle: 'medium',
        timeStyle: 'short',
        hour12: false,
      });
}
