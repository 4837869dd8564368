// A form in a dialog: its fields, what the server refuses, and the two ways out. What was typed stays until it is closed.
import { Button, Group, Modal, Stack } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { ReactNode } from 'react';
import { useTexts } from '../i18n';
import { ErrorNotice } from './ErrorNotice';
import { type Save, useGuarded } from './useGuarded';

interface Props<Values extends Record<string, unknown>> {
  title: string;
  form: UseFormReturnType<Values>;
  save: Save<Values>;
  /** The values as they are stored now: what somebody else saved meanwhile is not overwritten unseen. */
  fresh?: () => Promise<Values>;
  close: () => void;
  /** What the button that saves says. */
  action?: string;
  size?: string;
  children: ReactNode;
}

export function FormDialog<Values extends Record<string, unknown>>(props: Props<Values>) {
  const { t } = useTexts();
  const { submit, busy, error, conflict } = useGuarded(props.form, props.save, props.fresh);
  return (
    <Modal
      opened
      onClose={props.close}
      title={props.title}
      size={conflict ? '70rem' : (props.size ?? 'lg')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      {conflict}
      <form onSubmit={props.form.onSubmit(submit)} hidden={conflict !== null}>
        <Stack>
          {props.children}
          {error ? <ErrorNotice error={error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={props.close}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={busy}>
              {props.action ?? t('action.confirm')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
