// One's own password; afterwards one signs in anew, everywhere.
import { Alert, PasswordInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { call, signOut } from '../api/client';
import { useTexts } from '../i18n';
import { FormDialog } from './FormDialog';
import { useSave } from './useSave';

export default function ChangePassword({ close }: { close: () => void }) {
  const { t } = useTexts();
  const form = useForm({
    initialValues: { old: '', fresh: '', again: '' },
    validate: {
      old: (value) => (value ? null : t('error.required')),
      fresh: (value) => (value.length >= 12 ? null : t('welcome.passwordHint')),
      again: (value, values) => (value === values.fresh ? null : t('password.differs')),
    },
  });
  const save = useSave({
    run: (values: typeof form.values) => call('ChangePassword', { OldPassword: values.old, NewPassword: values.fresh }),
    stale: [],
    done: () => t('password.changed'),
    after: () => {
      close();
      void signOut();
    },
  });
  const shown = { visibilityToggleButtonProps: { 'aria-label': t('action.show') }, withAsterisk: true };
  return (
    <FormDialog title={t('password.title')} size="md" form={form} save={save} close={close}>
      <PasswordInput
        label={t('password.old')}
        autoComplete="current-password"
        data-autofocus
        {...shown}
        {...form.getInputProps('old')}
      />
      <PasswordInput
        label={t('password.new')}
        description={t('welcome.passwordHint')}
        autoComplete="new-password"
        {...shown}
        {...form.getInputProps('fresh')}
      />
      <PasswordInput
        label={t('password.again')}
        autoComplete="new-password"
        {...shown}
        {...form.getInputProps('again')}
      />
      <Alert variant="light" role="note">
        {t('password.hint')}
      </Alert>
    </FormDialog>
  );
}
