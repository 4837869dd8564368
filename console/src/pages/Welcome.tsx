// The first user, made with the link that the gateway printed.
import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { setUp } from '../api/client';
import { useTexts } from '../i18n';
import { ErrorNotice } from '../parts/ErrorNotice';
import { SignFrame } from '../parts/SignFrame';

export function Welcome() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const token = window.location.hash.replace(/^#/, '');
  const form = useForm({
    initialValues: { user: '', password: '' },
    validate: {
      user: (value) => (value.trim() ? null : t('error.required')),
      password: (value) => (value.length >= 12 ? null : t('welcome.passwordHint')),
    },
  });
  const save = useMutation({
    mutationFn: (values: { user: string; password: string }) => setUp(token, values.user.trim(), values.password),
    onSuccess: () => navigate({ to: '/', replace: true }),
  });
  return (
    <SignFrame title={t('welcome.title')} lead={t('welcome.lead')}>
      {token ? (
        <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
          <Stack>
            <TextInput label={t('sign.user')} autoComplete="username" {...form.getInputProps('user')} />
            <PasswordInput
              label={t('sign.password')}
              description={t('welcome.passwordHint')}
              autoComplete="new-password"
              visibilityToggleButtonProps={{ 'aria-label': t('action.show') }}
              {...form.getInputProps('password')}
            />
            {save.error && <ErrorNotice error={save.error} />}
            <Button type="submit" loading={save.isPending}>
              {t('welcome.submit')}
            </Button>
          </Stack>
        </form>
      ) : (
        <Alert color="yellow">{t('welcome.noToken')}</Alert>
      )}
    </SignFrame>
  );
}
