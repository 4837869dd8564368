// How drafts differ from what runs: the server's word, the same on every page.
import { useQuery } from '@tanstack/react-query';
import { type Answer, call, callAll } from './client';

export type DriftRow = NonNullable<Answer<'DescribeDrift'>['Drift']>[number];
export type StageDrift = NonNullable<DriftRow['Stages']>[number];
export type Difference = NonNullable<StageDrift['Differences']>[number];

/** One API in every stage where it runs. */
export const useDrift = (apiId: string) =>
  useQuery({
    queryKey: ['apis', 'drift', apiId],
    queryFn: async () => (await call('DescribeDrift', { ApiIds: apiId })).Drift?.[0],
    enabled: apiId !== '',
  });

/** Every API that a publish would change somewhere. */
export const useDrifted = (groupId?: string) =>
  useQuery({
    queryKey: ['apis', 'drifted', groupId ?? ''],
    queryFn: () => callAll('DescribeDrift', { GroupId: groupId, DriftedOnly: true }, (answer) => answer.Drift),
  });

/** From one version to another; without another version, to the draft. */
export const useComparison = (wanted: {
  apiId: string;
  stage: string;
  version?: string;
  otherStage?: string;
  otherVersion?: string;
}) =>
  useQuery({
    queryKey: ['apis', 'comparison', wanted],
    queryFn: () =>
      call('CompareApiVersions', {
        ApiId: wanted.apiId,
        StageName: wanted.stage,
        HistoryVersion: wanted.version,
        OtherStageName: wanted.otherStage,
        OtherHistoryVersion: wanted.otherVersion,
      }),
    enabled: wanted.apiId !== '' && wanted.stage !== '',
  });

export const stageDrift = (row: DriftRow | undefined, stage: string): StageDrift | undefined =>
  row?.Stages?.find((one) => one.StageName === stage);
