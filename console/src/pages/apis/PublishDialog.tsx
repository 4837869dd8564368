// Publishing: to which environment, with which remarks.
import { Button, Group, Modal, Radio, Stack, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { call } from '../../api/client';
import { STAGES, type Stage, useApi } from '../../api/queries';
import { useTexts } from '../../i18n';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { useSave } from '../../parts/useSave';
import { versionIn } from './ApiTable';

interface Props {
  opened: boolean;
  close: () => void;
  groupId: string;
  apiId: string;
  published?: (stage: Stage) => void;
}

export function PublishDialog({ opened, close, groupId, apiId, published }: Props) {
  const { t } = useTexts();
  const api = useApi(groupId, opened ? apiId : '');
  const form = useForm({
    initialValues: { stage: 'RELEASE' as Stage, remarks: '' },
    validate: { remarks: (value) => (value.trim() ? null : t('error.required')) },
  });
  const name = api.data?.ApiName ?? '';
  const save = useSave({
    run: (values: typeof form.values) =>
      call('DeployApi', {
        GroupId: groupId,
        ApiId: apiId,
        StageName: values.stage,
        Description: values.remarks.trim(),
      }),
    stale: ['apis'],
    done: (_, values) => t('publish.done', { name, stage: t(`stage.${values.stage}`) }),
    after: (_, values) => {
      form.setFieldValue('remarks', '');
      close();
      published?.(values.stage);
    },
  });
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('publish.title', { name })}
      size="lg"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          <Radio.Group label={t('publish.stage')} {...form.getInputProps('stage')}>
            <Stack gap="xs" mt="xs">
              {STAGES.map((stage) => {
                const version = api.data && versionIn(api.data, stage);
                return (
                  <Radio.Card key={stage} value={stage} p="sm" radius="md" aria-label={t(`stage.${stage}`)}>
                    <Group wrap="nowrap">
                      <Radio.Indicator />
                      <div>
                        <Text fw={600}>{t(`stage.${stage}`)}</Text>
                        <Text size="sm" c="dimmed">
                          {version === undefined ? t('publish.notYet') : t('publish.live', { version })}
                        </Text>
                      </div>
                    </Group>
                  </Radio.Card>
                );
              })}
            </Stack>
          </Radio.Group>
          <Textarea label={t('publish.remarks')} withAsterisk autosize minRows={2} {...form.getInputProps('remarks')} />
          {save.error && <ErrorNotice error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('publish.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
