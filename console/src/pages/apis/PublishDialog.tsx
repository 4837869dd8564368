// Publishing: to which environment, with which remarks, and what changes there.
import { Alert, Badge, Button, Group, Modal, Radio, Stack, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { callWatched } from '../../api/client';
import { type StageDrift, stageDrift, useDrift } from '../../api/drift';
import { useApi } from '../../api/queries';
import { useTexts } from '../../i18n';
import { Differences } from '../../parts/Differences';
import { EngineProgress } from '../../parts/EngineProgress';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { stageLabel, useStageOptions } from '../../parts/stages';
import { useSave } from '../../parts/useSave';
import { versionIn } from './ApiTable';

interface Props {
  opened: boolean;
  close: () => void;
  groupId: string;
  apiId: string;
  published?: (stage: string) => void;
}

export function PublishDialog({ opened, close, groupId, apiId, published }: Props) {
  const { t } = useTexts();
  const stages = useStageOptions();
  const api = useApi(groupId, opened ? apiId : '');
  const drift = useDrift(opened ? apiId : '');
  const form = useForm({
    initialValues: { stage: 'RELEASE', remarks: '' },
    validate: { remarks: (value) => (value.trim() ? null : t('error.required')) },
  });
  const name = api.data?.ApiName ?? '';
  const save = useSave({
    run: (values: typeof form.values) =>
      callWatched('DeployApi', {
        GroupId: groupId,
        ApiId: apiId,
        StageName: values.stage,
        Description: values.remarks.trim(),
      }),
    stale: ['apis', 'engines'],
    done: (_, values) => t('publish.done', { name, stage: stageLabel(t, values.stage) }),
    after: ({ lagging }, values) => {
      if (lagging.length > 0) {
        const message = t('publish.lagging', { nodes: lagging.join(', ') });
        notifications.show({ message, color: 'orange', autoClose: false });
      }
      form.setFieldValue('remarks', '');
      close();
      published?.(values.stage);
    },
  });
  const chosen = stageDrift(drift.data, form.values.stage);
  const isSame = chosen?.State === 'SAME';
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('publish.title', { name })}
      size="xl"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form
        onSubmit={form.onSubmit((values) => {
          if (!isSame) save.mutate(values);
        })}
      >
        <Stack>
          <Radio.Group label={t('publish.stage')} {...form.getInputProps('stage')}>
            <Group gap="xs" mt="xs" grow align="stretch" preventGrowOverflow={false}>
              {stages.map(({ value: stage, label }) => {
                const version = api.data && versionIn(api.data, stage);
                const changed = stageDrift(drift.data, stage);
                return (
                  <Radio.Card key={stage} value={stage} p="sm" radius="md" aria-label={label} miw={200}>
                    <Group wrap="nowrap" align="flex-start">
                      <Radio.Indicator />
                      <div>
                        <Group gap={6}>
                          <Text fw={600}>{label}</Text>
                          {changed && <DriftCount drift={changed} />}
                        </Group>
                        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                          {version === undefined ? t('publish.notYet') : t('publish.live', { version })}
                        </Text>
                      </div>
                    </Group>
                  </Radio.Card>
                );
              })}
            </Group>
          </Radio.Group>
          {drift.error ? <ErrorNotice error={drift.error} retry={() => void drift.refetch()} /> : null}
          {chosen && <WhatChanges drift={chosen} />}
          <Textarea label={t('publish.remarks')} withAsterisk autosize minRows={2} {...form.getInputProps('remarks')} />
          {save.isPending && <EngineProgress />}
          {save.error && <ErrorNotice error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={isSame}>
              {isSame ? t('publish.nothing') : t('publish.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function WhatChanges({ drift }: { drift: StageDrift }) {
  const { t } = useTexts();
  const found = drift.Differences ?? [];
  return (
    <Stack gap="xs">
      <Text fw={600} size="sm">
        {t('publish.changes')}
      </Text>
      {drift.State === 'UNPUBLISHABLE' && (
        <Alert color="red" title={t('drift.UNPUBLISHABLE')}>
          {drift.Reason}
        </Alert>
      )}
      {drift.State === 'BEHAVIOUR' && drift.CallersNotice && <Alert color="orange">{t('drift.callersNotice')}</Alert>}
      {drift.State === 'DOCUMENTATION' && <Text size="sm">{t('drift.DOCUMENTATION')}</Text>}
      {drift.State === 'BEHAVIOUR' && drift.Reason && <Text size="sm">{t('drift.elsewhere')}</Text>}
      <Differences found={found} />
    </Stack>
  );
}

/** How many fields of the draft differ from what runs; nothing when none does. */
export function DriftCount({ drift }: { drift: StageDrift }) {
  const { t } = useTexts();
  if (drift.State === 'SAME') return null;
  return (
    <Badge size="sm" variant="outline" color="gray" tt="none" className="drift" title={t('drift.badge')}>
      ±{Math.max(1, drift.Differences?.length ?? 0)}
    </Badge>
  );
}
