// One plug-in, the types that the gateway has, and where a plug-in acts.
import { useQuery } from '@tanstack/react-query';
import { call, callAll } from '../../api/client';

export const usePlugin = (pluginId: string) =>
  useQuery({
    queryKey: ['plugins', pluginId],
    queryFn: async () => (await call('DescribePlugins', { PluginId: pluginId })).Plugins?.PluginAttribute?.[0] ?? null,
  });

export const usePluginTypes = () =>
  useQuery({
    queryKey: ['pluginTypes'],
    queryFn: async () => (await call('DescribePluginTypes', {})).PluginTypes ?? [],
    staleTime: Number.POSITIVE_INFINITY,
  });

export interface Bound {
  groupId: string;
  groupName: string;
  /** Empty: every API of the group. */
  apiId: string;
  apiName: string;
  stage: string;
}

export const useBound = (pluginId: string) =>
  useQuery({
    queryKey: ['bindings', 'of', pluginId],
    queryFn: async (): Promise<Bound[]> => {
      const [apis, groups] = await Promise.all([
        callAll('DescribePluginApis', { PluginId: pluginId }, (answer) => answer.ApiSummarys?.ApiPluginSummary),
        callAll('DescribePluginGroups', { PluginId: pluginId }, (answer) => answer.GroupSummarys?.GroupPluginSummary),
      ]);
      return [...groups.map((group) => ({ ...group, ApiId: '', ApiName: '' })), ...apis].map((one) => ({
        groupId: one.GroupId ?? '',
        groupName: one.GroupName ?? '',
        apiId: one.ApiId ?? '',
        apiName: one.ApiName ?? '',
        stage: one.StageName ?? '',
      }));
    },
  });
