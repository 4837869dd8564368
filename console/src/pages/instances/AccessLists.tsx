// Access control lists: addresses under a name, for instances to admit or to turn away.
import { Anchor, Code, Radio, Group as Row, Skeleton, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { type Answer, call, callAll } from '../../api/client';
import { useTexts } from '../../i18n';
import { CopyText } from '../../parts/CopyText';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { FormDialog } from '../../parts/FormDialog';
import { Page } from '../../parts/Page';
import { ResourcePage, ResourceSection } from '../../parts/Resource';
import { useSave } from '../../parts/useSave';

type Item<T> = T extends Array<infer U> ? U : never;
type Entry = Item<NonNullable<NonNullable<Answer<'DescribeAccessControlListAttribute'>['AclEntrys']>['AclEntry']>>;

export const useAccessLists = () =>
  useQuery({
    queryKey: ['accessLists'],
    queryFn: () => callAll('DescribeAccessControlLists', {}, (answer) => answer.Acls?.Acl),
  });

export function AccessLists() {
  const { t } = useTexts();
  return (
    <ResourcePage
      title={t('access.title')}
      lead={t('access.lead')}
      list={useAccessLists()}
      rowKey={(list) => list.AclId ?? ''}
      searched={(list) => `${list.AclName} ${list.AclId}`}
      empty={t('access.empty')}
      create={{ label: t('access.create'), form: (close) => <CreateList close={close} /> }}
      remove={{
        name: (list) => list.AclName ?? '',
        text: t('delete.text'),
        run: (list) => call('DeleteAccessControlList', { AclId: list.AclId ?? '' }),
        stale: ['accessLists'],
      }}
      columns={[
        {
          title: t('common.name'),
          value: (list) => list.AclName,
          cell: (list) => (
            <Anchor
              fw={600}
              renderRoot={(props) => (
                <Link {...props} to="/access-lists/$listId" params={{ listId: list.AclId ?? '' }} />
              )}
            >
              {list.AclName}
            </Anchor>
          ),
        },
        { title: t('access.version'), cell: (list) => list.AddressIPVersion },
        { title: t('common.id'), value: (list) => list.AclId, cell: (list) => <CopyText value={list.AclId ?? ''} /> },
      ]}
    />
  );
}

function CreateList({ close }: { close: () => void }) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: { name: '', version: 'ipv4' },
    validate: { name: (value) => (value.trim() ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('CreateAccessControlList', { AclName: values.name.trim(), AddressIPVersion: values.version }),
    stale: ['accessLists'],
    after: close,
  });
  return (
    <FormDialog title={t('access.create')} form={form} save={save} close={close}>
      <TextInput label={t('common.name')} withAsterisk data-autofocus {...form.getInputProps('name')} />
      <Radio.Group label={t('access.version')} {...form.getInputProps('version')}>
        <Row mt={6}>
          <Radio value="ipv4" label="IPv4" />
          <Radio value="ipv6" label="IPv6" />
        </Row>
      </Radio.Group>
    </FormDialog>
  );
}

export function AccessList() {
  const { t } = useTexts();
  const { listId } = useParams({ from: '/inside/access-lists/$listId' });
  const list = useQuery({
    queryKey: ['accessLists', listId],
    queryFn: () => call('DescribeAccessControlListAttribute', { AclId: listId }),
  });
  const back = (
    <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/access-lists" />}>
      ← {t('access.title')}
    </Anchor>
  );
  if (list.error) {
    return (
      <Page title={t('access.title')} back={back}>
        <ErrorNotice error={list.error} retry={() => void list.refetch()} />
      </Page>
    );
  }
  if (!list.data) return <Skeleton height={240} aria-label={t('common.loading')} />;
  return (
    <Page title={list.data.AclName ?? listId} lead={list.data.AddressIPVersion} back={back}>
      <ResourceSection<Entry>
        title={t('access.entries')}
        lead={t('access.entriesLead')}
        list={{ data: list.data.AclEntrys?.AclEntry ?? [], error: null, refetch: list.refetch }}
        rowKey={(entry) => entry.AclEntryIp ?? ''}
        searched={(entry) => `${entry.AclEntryIp} ${entry.AclEntryComment}`}
        empty={t('access.noEntries')}
        create={{ label: t('access.add'), form: (close) => <AddEntries listId={listId} close={close} /> }}
        remove={{
          name: (entry) => entry.AclEntryIp ?? '',
          text: t('access.removeText'),
          run: (entry) =>
            call('RemoveAccessControlListEntry', {
              AclId: listId,
              AclEntrys: JSON.stringify([{ entry: entry.AclEntryIp }]),
            }),
          stale: ['accessLists'],
        }}
        columns={[
          {
            title: t('access.address'),
            value: (entry) => entry.AclEntryIp,
            cell: (entry) => <Code>{entry.AclEntryIp}</Code>,
          },
          { title: t('common.description'), cell: (entry) => entry.AclEntryComment || '–' },
        ]}
      />
      <Text size="sm" c="dimmed">
        {t('access.acts')}
      </Text>
    </Page>
  );
}

/** One entry a line: the address, and what is behind the first space as its comment. */
export function entriesOf(text: string): Array<{ entry: string; comment: string }> {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter(Boolean).map((line) => {
    const [entry = '', ...rest] = line.split(/\s+/);
    return { entry, comment: rest.join(' ') };
  });
}

function AddEntries({ listId, close }: { listId: string; close: () => void }) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: { lines: '' },
    validate: { lines: (value) => (value.trim() ? null : t('error.required')) },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('AddAccessControlListEntry', { AclId: listId, AclEntrys: JSON.stringify(entriesOf(values.lines)) }),
    stale: ['accessLists'],
    after: close,
  });
  return (
    <FormDialog title={t('access.add')} form={form} save={save} close={close}>
      <Textarea
        label={t('access.entries')}
        description={t('access.linesHint')}
        placeholder={'192.0.2.0/24 office'}
        withAsterisk
        data-autofocus
        autosize
        minRows={4}
        {...form.getInputProps('lines')}
      />
    </FormDialog>
  );
}
