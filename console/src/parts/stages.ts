// Environments: the three that every group has, and those that somebody made beside them.
import { useQuery } from '@tanstack/react-query';
import { callAll } from '../api/client';
import { type Key, type Translate, useTexts } from '../i18n';

export const STAGES = ['RELEASE', 'PRE', 'TEST'] as const;

const isStandard = (name: string) => (STAGES as readonly string[]).includes(name);

/** What people call it; a stage of one's own has its own name. */
export const stageLabel = (t: Translate, name: string | undefined): string =>
  isStandard(name ?? '') ? t(`stage.${name}` as Key) : (name ?? '');

/** In the order of importance; one's own come last. */
export function inOrder(names: string[]): string[] {
  const rank = (name: string) => (isStandard(name) ? STAGES.indexOf(name as (typeof STAGES)[number]) : STAGES.length);
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

export const useStageModels = () =>
  useQuery({
    queryKey: ['stages'],
    queryFn: () => callAll('DescribeStageModels', {}, (answer) => answer.StageModelInfoList),
  });

/** Every stage, for a select. Before the answer, and without one, the three that always are. */
export function useStageOptions(): Array<{ value: string; label: string }> {
  const { t } = useTexts();
  const own = (useStageModels().data ?? []).filter((one) => !isStandard(one.StageName ?? ''));
  return [
    ...STAGES.map((name) => ({ value: name as string, label: stageLabel(t, name) })),
    ...own.map((one) => {
      const name = one.StageName ?? '';
      return { value: name, label: one.StageAlias && one.StageAlias !== name ? `${name} (${one.StageAlias})` : name };
    }),
  ];
}
