// The session ended while somebody worked: they sign in again on top of the page, which stays as it is with all that was typed.
import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { currentSession, signIn, signOut } from '../api/client';
import { useTexts } from '../i18n';
import { ErrorNotice } from './ErrorNotice';

export default function SignInAgain({ close }: { close: () => void }) {
  const { t } = useTexts();
  const queries = useQueryClient();
  const user = currentSession()?.user ?? '';
  const form = useForm({ initialValues: { password: '' } });
  const save = useMutation({
    mutationFn: (values: { password: string }) => signIn(user, values.password),
    onSuccess: () => {
      close();
      void queries.invalidateQueries();
    },
  });
  return (
    <Modal opened onClose={() => {}} withCloseButton={false} title={t('sign.again')} zIndex={400} size="md">
      <form
        onSubmit={(event) => {
          // Of a form that is below this one in the tree of components.
          event.stopPropagation();
          form.onSubmit((values) => save.mutate(values))(event);
        }}
      >
        <Stack>
          <Text size="sm">{t('sign.againText', { user })}</Text>
          <input type="hidden" autoComplete="username" value={user} readOnly />
          <PasswordInput
            label={t('sign.password')}
            autoComplete="current-password"
            required
            data-autofocus
            visibilityToggleButtonProps={{ 'aria-label': t('action.show') }}
            {...form.getInputProps('password')}
          />
          {save.error && <ErrorNotice error={save.error} />}
          <Group justify="space-between">
            <Button variant="subtle" onClick={() => void signOut().finally(close)}>
              {t('sign.other')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('sign.submit')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
