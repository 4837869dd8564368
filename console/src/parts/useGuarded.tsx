// A save that looks first whether somebody else has saved since the form was opened: then one chooses, field by field.
import { Button, Group, Stack, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { type ReactNode, useRef, useState } from 'react';
import { useTexts } from '../i18n';
import { ConflictTable } from './ConflictTable';
import { choicesOf, same, takesMine } from './choices';

export interface Save<Values> {
  mutate: (values: Values) => void;
  isPending: boolean;
  error: unknown;
}

/** `fresh` reads the values as they are stored now; without it nothing is compared. */
export function useGuarded<Values extends Record<string, unknown>>(
  form: UseFormReturnType<Values>,
  save: Save<Values>,
  fresh?: () => Promise<Values>,
): { submit: (values: Values) => void; busy: boolean; error: unknown; conflict: ReactNode } {
  const base = useRef<Values>(form.getInitialValues());
  // What one saved oneself, on a page that stays open, is nobody else's change.
  const sent = useRef<Values | null>(null);
  const [theirs, setTheirs] = useState<Values | null>(null);
  const [looking, setLooking] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const submit = async (values: Values) => {
    setProblem(null);
    if (!fresh) return save.mutate(values);
    setLooking(true);
    try {
      const found = await fresh();
      if (same(found, base.current) || same(found, sent.current)) {
        sent.current = values;
        save.mutate(values);
      } else setTheirs(found);
    } catch (error) {
      setProblem(error);
    } finally {
      setLooking(false);
    }
  };
  const conflict = theirs && (
    <Choose
      base={base.current}
      theirs={theirs}
      mine={form.getValues()}
      close={() => setTheirs(null)}
      take={(values) => {
        base.current = theirs;
        form.setValues(values);
        setTheirs(null);
      }}
    />
  );
  return {
    submit: (values) => void submit(values),
    busy: looking || save.isPending,
    error: problem ?? save.error,
    conflict,
  };
}

interface ChooseProps<Values> {
  base: Values;
  theirs: Values;
  mine: Values;
  close: () => void;
  take: (values: Values) => void;
}

function Choose<Values extends Record<string, unknown>>(props: ChooseProps<Values>) {
  const { t } = useTexts();
  const mapOf = (values: Values) => new Map(Object.entries(values));
  const rows = choicesOf(mapOf(props.base), mapOf(props.theirs), mapOf(props.mine));
  const [kept, setKept] = useState<Set<string>>(() => new Set(rows.filter(takesMine).map((row) => row.field)));
  const take = () => {
    const mine = Object.entries(props.mine).filter(([name]) => kept.has(name));
    props.take({ ...props.theirs, ...Object.fromEntries(mine) });
  };
  return (
    <Stack>
      <Text fw={600} role="alert">
        {t('conflict.title')}
      </Text>
      <Text size="sm">{t('conflict.text')}</Text>
      <ConflictTable rows={rows} kept={kept} setKept={setKept} />
      <Group justify="flex-end">
        <Button variant="default" onClick={props.close}>
          {t('action.cancel')}
        </Button>
        <Button onClick={take}>{t('conflict.take')}</Button>
      </Group>
    </Stack>
  );
}
