// Signing in.
import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { isSetupNeeded, signIn } from '../api/client';
import { useTexts } from '../i18n';
import { ErrorNotice } from '../parts/ErrorNotice';
import { SignFrame } from '../parts/SignFrame';

export function SignIn() {
  const { t } = useTexts();
  const navigate = useNavigate();
  const { to } = useSearch({ from: '/sign-in' });
  const setup = useQuery({ queryKey: ['setup'], queryFn: isSetupNeeded });
  const form = useForm({ initialValues: { user: '', password: '' } });
  const save = useMutation({
    mutationFn: (values: { user: string; password: string }) => signIn(values.user, values.password),
    onSuccess: () => navigate({ to: to?.startsWith('/') ? to : '/' }),
  });
  return (
    <SignFrame title={t('sign.title')} lead={t('sign.lead')}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          {setup.data && <Alert color="yellow">{t('sign.noUser')}</Alert>}
          <TextInput label={t('sign.user')} autoComplete="username" required {...form.getInputProps('user')} />
          <PasswordInput
            label={t('sign.password')}
            autoComplete="current-password"
            required
            visibilityToggleButtonProps={{ 'aria-label': t('action.show') }}
            {...form.getInputProps('password')}
          />
          {save.error && <ErrorNotice error={save.error} />}
          <Button type="submit" loading={save.isPending}>
            {t('sign.submit')}
          </Button>
        </Stack>
      </form>
    </SignFrame>
  );
}
