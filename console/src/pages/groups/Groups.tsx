// API groups.
import { Anchor, Select, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Link } from '@tanstack/react-router';
import { call } from '../../api/client';
import { useGroups, useInstances, when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { CopyText } from '../../parts/CopyText';
import { FormDialog } from '../../parts/FormDialog';
import { ResourcePage } from '../../parts/Resource';
import { useSave } from '../../parts/useSave';

export function Groups() {
  const { t } = useTexts();
  const groups = useGroups();
  return (
    <ResourcePage
      title={t('group.title')}
      lead={t('group.lead')}
      list={groups}
      rowKey={(group) => group.GroupId ?? ''}
      searched={(group) => `${group.GroupName} ${group.GroupId} ${group.SubDomain} ${group.BasePath}`}
      empty={t('group.empty')}
      create={{ label: t('group.create'), form: (close) => <EditGroup close={close} /> }}
      remove={{
        name: (group) => group.GroupName ?? '',
        called: (group) => ({ GroupId: group.GroupId ?? '' }),
        text: t('delete.text'),
        run: (group) => call('DeleteApiGroup', { GroupId: group.GroupId ?? '' }),
        stale: ['groups', 'apis'],
      }}
      columns={[
        {
          title: t('group.name'),
          value: (group) => group.GroupName,
          cell: (group) => (
            <Anchor
              fw={600}
              renderRoot={(props) => (
                <Link {...props} to="/groups/$groupId" params={{ groupId: group.GroupId ?? '' }} />
              )}
            >
              {group.GroupName}
            </Anchor>
          ),
        },
        { title: t('group.basePath'), cell: (group) => group.BasePath },
        {
          title: t('group.domain'),
          value: (group) => group.SubDomain,
          cell: (group) => <CopyText value={group.SubDomain ?? ''} />,
        },
        { title: t('group.instance'), cell: (group) => group.InstanceId },
        {
          title: t('common.modified'),
          id: 'modified',
          value: (group) => group.ModifiedTime,
          cell: (group) => when(group.ModifiedTime),
        },
      ]}
    />
  );
}

interface EditProps {
  close: () => void;
  group?: { GroupId?: string; GroupName?: string; BasePath?: string; Description?: string };
}

const valuesOf = (group?: { GroupName?: string; BasePath?: string; Description?: string }) => ({
  instance: '',
  name: group?.GroupName ?? '',
  basePath: group?.BasePath ?? '/',
  description: group?.Description ?? '',
});

export function EditGroup({ close, group }: EditProps) {
  const { t } = useTexts();
  const instances = useInstances();
  const form = useForm({
    initialValues: valuesOf(group),
    validate: {
      name: (value) => (value.trim() ? null : t('error.required')),
      basePath: (value) => (value.startsWith('/') ? null : t('wizard.pathProblem')),
    },
  });
  const save = useSave({
    run: async (values: typeof form.values) => {
      const params = {
        GroupName: values.name.trim(),
        BasePath: values.basePath.trim(),
        Description: values.description,
      };
      if (group?.GroupId) await call('ModifyApiGroup', { GroupId: group.GroupId, ...params });
      else await call('CreateApiGroup', { InstanceId: values.instance || undefined, ...params });
    },
    stale: ['groups'],
    after: close,
  });
  const choices = (instances.data ?? []).map((one) => one.InstanceId ?? '');
  return (
    <FormDialog
      title={group ? t('wizard.editTitle', { name: group.GroupName ?? '' }) : t('group.create')}
      form={form}
      save={save}
      close={close}
      fresh={
        group?.GroupId
          ? async () => valuesOf(await call('DescribeApiGroup', { GroupId: group.GroupId ?? '' }))
          : undefined
      }
    >
      <TextInput label={t('group.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
      {!group && choices.length > 1 && (
        <Select
          label={t('group.instance')}
          allowDeselect={false}
          data={choices}
          {...form.getInputProps('instance')}
          value={form.values.instance || (choices[0] ?? null)}
        />
      )}
      <TextInput
        label={t('group.basePath')}
        description={t('group.basePathHint')}
        withAsterisk
        {...form.getInputProps('basePath')}
      />
      <Textarea label={t('common.description')} autosize minRows={2} {...form.getInputProps('description')} />
    </FormDialog>
  );
}
