// Step 1: group, name, who may call.
import { Alert, Checkbox, Radio, Select, Stack, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Group } from '../../api/queries';
import { useTexts } from '../../i18n';
import type { Draft } from './draft';

export interface StepProps {
  form: UseFormReturnType<Draft>;
  problems: Record<string, string>;
}

export function BasicStep({ form, problems, groups, isNew }: StepProps & { groups: Group[]; isNew: boolean }) {
  const { t } = useTexts();
  const { authType, appCode } = form.values;
  return (
    <Stack>
      <Select
        label={t('api.group')}
        withAsterisk
        searchable
        disabled={!isNew}
        data={groups.map((group) => ({ value: group.GroupId ?? '', label: group.GroupName ?? '' }))}
        error={problems.groupId}
        {...form.getInputProps('groupId')}
      />
      <TextInput label={t('api.name')} withAsterisk error={problems.name} {...form.getInputProps('name')} />
      <Radio.Group label={t('wizard.auth')} {...form.getInputProps('authType')}>
        <Stack gap="xs" mt="xs">
          <Radio value="APP" label={t('wizard.auth.APP')} />
          <Radio value="ANONYMOUS" label={t('wizard.auth.ANONYMOUS')} />
          {!['APP', 'ANONYMOUS'].includes(authType) && <Radio value={authType} label={authType} />}
        </Stack>
      </Radio.Group>
      {authType === 'ANONYMOUS' && <Alert color="yellow">{t('wizard.anonymousWarning')}</Alert>}
      {authType === 'APP' && (
        <>
          <Select
            label={t('wizard.appCode')}
            allowDeselect={false}
            data={[
              ...(['DISABLE', 'HEADER', 'HEADER_QUERY'] as const).map((value) => ({
                value,
                label: t(`wizard.appCode.${value}`),
              })),
              ...(appCode === 'DEFAULT' ? [{ value: 'DEFAULT', label: 'DEFAULT' }] : []),
            ]}
            description={appCode === 'HEADER_QUERY' ? t('wizard.appCodeWarning') : undefined}
            {...form.getInputProps('appCode')}
          />
          <Select
            label={t('wizard.signature')}
            allowDeselect={false}
            data={['HmacSHA256', 'HmacSHA1,HmacSHA256']}
            {...form.getInputProps('signature')}
          />
          <Checkbox label={t('wizard.nonce')} {...form.getInputProps('forceNonce', { type: 'checkbox' })} />
        </>
      )}
      <Checkbox label={t('wizard.internet')} {...form.getInputProps('disableInternet', { type: 'checkbox' })} />
      <Textarea label={t('common.description')} autosize minRows={2} {...form.getInputProps('description')} />
    </Stack>
  );
}
