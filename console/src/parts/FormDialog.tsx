// A form in a dialog: its fields, what the server refuses, and the two ways out. What was typed stays until it is closed.
import { Button, Group, Modal, Stack } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { ReactNode } from 'react';
import { useTexts } from '../i18n';
import { ErrorNotice } from './ErrorNotice';

interface Props<Values extends Record<string, unknown>> {
  title: string;
  form: UseFormReturnType<Values>;
  save: { mutate: (values: Values) => void; isPending: boolean; error: unknown };
  close: () => void;
  /** What the button that saves says. */
  action?: string;
  size?: string;
  children: ReactNode;
}

export function FormDialog<Values extends Record<string, unknown>>(props: Props<Values>) {
  const { t } = useTexts();
  return (
    <Modal
      opened
      onClose={props.close}
      title={props.title}
      size={props.size ?? 'lg'}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form onSubmit={props.form.onSubmit((values) => props.save.mutate(values))}>
        <Stack>
          {props.children}
          {props.save.error ? <ErrorNotice error={props.save.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={props.close}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={props.save.isPending}>
              {props.action ?? t('action.confirm')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
