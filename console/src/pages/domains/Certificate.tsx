// The certificate of a domain: what it is, another in its place, its end.
import { Alert, Button, FileButton, Group, Skeleton, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/client';
import { when } from '../../api/queries';
import { useTexts } from '../../i18n';
import { Confirm } from '../../parts/Confirm';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Facts } from '../../parts/Facts';
import { FormDialog } from '../../parts/FormDialog';
import { useSave } from '../../parts/useSave';
import { pemProblem } from './pem';
import type { Domain } from './queries';

export function Certificate({ domain, close }: { domain: Domain; close: () => void }) {
  const { t } = useTexts();
  const place = { GroupId: domain.GroupId ?? '', DomainName: domain.DomainName ?? '' };
  const [removing, setRemoving] = useState(false);
  const current = useQuery({
    queryKey: ['domains', 'certificate', place.DomainName],
    queryFn: () => call('DescribeDomain', place),
  });
  const pemError = (wanted: 'certificate' | 'key') => (value: string) => {
    const problem = pemProblem(wanted, value);
    return problem ? t(`pem.${problem}`) : null;
  };
  const form = useForm({
    initialValues: { name: domain.CertificateName ?? domain.DomainName ?? '', body: '', key: '', authorities: '' },
    validate: {
      name: (value) => (value.trim() ? null : t('error.required')),
      body: pemError('certificate'),
      key: pemError('key'),
      authorities: (value) => (value.trim() ? pemError('certificate')(value) : null),
    },
  });
  const save = useSave({
    run: (values: typeof form.values) =>
      call('SetDomainCertificate', {
        ...place,
        CertificateName: values.name.trim(),
        CertificateBody: values.body,
        CertificatePrivateKey: values.key,
        CaCertificateBody: values.authorities.trim() ? values.authorities : undefined,
      }),
    stale: ['domains', 'groups'],
    done: () => t('domain.certified', { name: place.DomainName }),
    after: close,
  });
  const remove = useSave({
    run: () => call('DeleteDomainCertificate', { ...place, CertificateId: domain.CertificateId ?? '' }),
    stale: ['domains', 'groups'],
    after: close,
  });
  if (removing) {
    return (
      <Confirm
        opened
        title={t('delete.title', { name: domain.CertificateName ?? '' })}
        text={t('domain.certificateDeleteText')}
        action={t('action.delete')}
        busy={remove.isPending}
        error={remove.error}
        close={() => setRemoving(false)}
        confirm={() => remove.mutate(undefined)}
      />
    );
  }
  return (
    <FormDialog
      title={`${t('domain.certificate')}: ${place.DomainName}`}
      size="xl"
      form={form}
      save={save}
      close={close}
      action={t('domain.upload')}
    >
      {current.error ? <ErrorNotice error={current.error} retry={() => void current.refetch()} /> : null}
      {current.isPending && <Skeleton height={80} />}
      {current.data?.CertificateId && (
        <Stack gap="xs">
          <Facts
            rows={[
              [t('common.name'), current.data.CertificateName],
              [t('domain.validFrom'), when(new Date(current.data.CertificateValidStart ?? 0).toISOString())],
              [t('domain.validUntil'), when(new Date(current.data.CertificateValidEnd ?? 0).toISOString())],
            ]}
          />
          <Button variant="default" size="xs" w="fit-content" onClick={() => setRemoving(true)}>
            {t('action.delete')}
          </Button>
        </Stack>
      )}
      <Alert variant="light" role="note">
        {t('domain.atOnce')}
      </Alert>
      <TextInput label={t('domain.certificateName')} withAsterisk {...form.getInputProps('name')} />
      <Pem label={t('domain.chain')} hint={t('domain.chainHint')} field={form.getInputProps('body')} withAsterisk />
      <Pem label={t('domain.key')} hint={t('domain.keyHint')} field={form.getInputProps('key')} withAsterisk />
      <Pem
        label={t('domain.authorities')}
        hint={t('domain.authoritiesHint')}
        field={form.getInputProps('authorities')}
      />
    </FormDialog>
  );
}

interface PemProps {
  label: string;
  hint: string;
  withAsterisk?: boolean;
  field: { value?: string; error?: unknown; onChange: (value: string) => void };
}

/** Typed, pasted, or read from a file. */
function Pem({ label, hint, field, withAsterisk }: PemProps) {
  const { t } = useTexts();
  return (
    <Stack gap={4}>
      <Textarea
        label={label}
        description={hint}
        withAsterisk={withAsterisk}
        autosize
        minRows={3}
        maxRows={8}
        spellCheck={false}
        styles={{ input: { fontFamily: 'ui-monospace, monospace', fontSize: 12 } }}
        placeholder="-----BEGIN …-----"
        value={field.value}
        error={field.error as string}
        onChange={(event) => field.onChange(event.currentTarget.value)}
      />
      <Group gap="xs">
        <FileButton onChange={(file) => void file?.text().then(field.onChange)} accept=".pem,.crt,.cer,.key,.txt">
          {(props) => (
            <Button {...props} size="compact-xs" variant="default" aria-label={`${t('import.file')}: ${label}`}>
              {t('import.file')}
            </Button>
          )}
        </FileButton>
        {field.value ? (
          <Text size="xs" c="dimmed">
            {t('domain.blocks', { count: (field.value.match(/-----BEGIN /g) ?? []).length })}
          </Text>
        ) : null}
      </Group>
    </Stack>
  );
}
