// Binding a host to a group, and changing what is said of it.
import { Alert, Checkbox, Radio, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { call, callAll } from '../../api/client';
import { useGroups } from '../../api/queries';
import { useTexts } from '../../i18n';
import { CopyText } from '../../parts/CopyText';
import { FormDialog } from '../../parts/FormDialog';
import { ListProblem } from '../../parts/ListProblem';
import { useStageOptions } from '../../parts/stages';
import { useSave } from '../../parts/useSave';
import { type DomainForm, readDomain, writeDomain } from './domain';
import type { Domain } from './queries';

export function BindDomain({ close, domain, groupId }: { close: () => void; domain?: Domain; groupId?: string }) {
  const { t } = useTexts();
  const groups = useGroups();
  const before = readDomain(domain, groupId);
  const form = useForm({
    initialValues: before,
    validate: {
      name: (value) => (value.trim() ? null : t('error.required')),
      group: (value) => (value ? null : t('error.required')),
    },
  });
  const stages = useStageOptions();
  const isWild = form.values.name.trim().startsWith('*.');
  const save = useSave({
    run: async (values: DomainForm) => {
      const calls = writeDomain(values, before);
      await call('SetDomain', calls.bind);
      if (calls.websocket) await call('SetDomainWebSocketStatus', calls.websocket);
      if (calls.patterns) await call('SetWildcardDomainPatterns', calls.patterns);
    },
    stale: ['domains', 'groups'],
    after: close,
  });
  const target = groups.data?.find((one) => one.GroupId === form.values.group)?.SubDomain;
  return (
    <FormDialog
      title={domain ? t('wizard.editTitle', { name: domain.DomainName ?? '' }) : t('domain.bind')}
      form={form}
      save={save}
      close={close}
      fresh={
        domain &&
        (async () => {
          const all = await callAll('DescribeBoundDomains', {}, (answer) => answer.Domains);
          return readDomain(
            all.find((one) => one.DomainName === domain.DomainName),
            groupId,
          );
        })
      }
    >
      <ListProblem of={[groups]} />
      <TextInput
        label={t('domain.name')}
        description={t('domain.nameHint')}
        withAsterisk
        data-autofocus
        disabled={domain !== undefined}
        {...form.getInputProps('name')}
      />
      {!groupId && (
        <Select
          label={t('api.group')}
          withAsterisk
          searchable
          disabled={domain !== undefined}
          data={(groups.data ?? []).map((one) => ({ value: one.GroupId ?? '', label: one.GroupName ?? '' }))}
          {...form.getInputProps('group')}
        />
      )}
      {target && (
        <Alert variant="light" role="note">
          <Text size="sm">{t('domain.cname')}</Text>
          <CopyText value={target} />
        </Alert>
      )}
      <Select
        label={t('common.stage')}
        description={t('domain.stageHint')}
        allowDeselect={false}
        data={[{ value: '', label: t('domain.everyStage') }, ...stages]}
        {...form.getInputProps('stage')}
      />
      <Radio.Group label={t('domain.network')} {...form.getInputProps('network')}>
        <Stack gap={6} mt={6}>
          <Radio value="INTERNET" label={t('domain.INTERNET')} />
          <Radio value="INTRANET" label={t('domain.INTRANET')} />
        </Stack>
      </Radio.Group>
      <Checkbox
        label={t('domain.redirect')}
        description={t('domain.redirectHint')}
        {...form.getInputProps('redirect', { type: 'checkbox' })}
      />
      <Checkbox
        label={t('domain.websocket')}
        description={t('domain.websocketHint')}
        {...form.getInputProps('websocket', { type: 'checkbox' })}
      />
      {isWild && (
        <Textarea
          label={t('domain.patterns')}
          description={t('domain.patternsHint')}
          autosize
          minRows={2}
          {...form.getInputProps('patterns')}
        />
      )}
      {!domain && (
        <Checkbox
          label={t('domain.force')}
          description={t('domain.forceHint')}
          {...form.getInputProps('force', { type: 'checkbox' })}
        />
      )}
    </FormDialog>
  );
}
