// Inputs for a JSON Schema, field by field; each change goes to one place of the definition.
import {
  ActionIcon,
  Button,
  Fieldset,
  Group,
  JsonInput,
  NumberInput,
  Select,
  Stack,
  Switch,
  TagsInput,
  TextInput,
} from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTexts } from '../../i18n';
import type { Path } from './definition';
import { type Field, fieldOf, fieldsOf, isObject, resolve, type Schema } from './schema';
import { useSchemaWords } from './schemaWords';

export type Change = (path: Path, value: unknown) => void;

interface ObjectProps {
  schema: Schema;
  root: Schema;
  value: unknown;
  path: Path;
  change: Change;
}

export function SchemaForm({ schema, root, value, path, change }: ObjectProps) {
  const known = isObject(value) ? value : {};
  return (
    <Stack gap="sm">
      {fieldsOf(schema, root).map((field) => (
        <Input
          key={field.name}
          field={field}
          root={root}
          value={known[field.name]}
          path={[...path, field.name]}
          change={change}
        />
      ))}
    </Stack>
  );
}

interface InputProps {
  field: Field;
  root: Schema;
  value: unknown;
  path: Path;
  change: Change;
}

function Input({ field: untranslated, ...others }: InputProps) {
  const words = useSchemaWords();
  const props = { ...others, field: { ...untranslated, description: words(untranslated.description) } };
  const { field, value, path, change } = props;
  const shown = {
    label: field.name,
    description: field.description || undefined,
    withAsterisk: field.required,
  };
  switch (field.kind) {
    case 'choice':
      return (
        <Select
          {...shown}
          data={field.choices}
          clearable={!field.required}
          value={value === undefined || value === null ? null : String(value)}
          placeholder={field.schema.default == null ? undefined : String(field.schema.default)}
          onChange={(chosen) => change(path, chosen ?? undefined)}
        />
      );
    case 'flag':
      return (
        <Switch
          label={field.name}
          description={shown.description}
          checked={Boolean(value ?? field.schema.default)}
          onChange={(event) => change(path, event.currentTarget.checked)}
        />
      );
    case 'number':
      return (
        <NumberInput
          {...shown}
          hideControls
          min={field.schema.minimum}
          max={field.schema.maximum}
          clampBehavior="none"
          placeholder={field.schema.default == null ? undefined : String(field.schema.default)}
          value={typeof value === 'number' || typeof value === 'string' ? value : ''}
          onChange={(number) => change(path, number === '' ? undefined : number)}
        />
      );
    case 'text':
      return (
        <TextInput
          {...shown}
          maxLength={field.schema.maxLength}
          placeholder={field.schema.default == null ? undefined : String(field.schema.default)}
          value={value === undefined || value === null ? '' : String(value)}
          onChange={(event) => change(path, event.currentTarget.value || (field.required ? '' : undefined))}
        />
      );
    case 'texts':
      return (
        <TagsInput
          {...shown}
          splitChars={[]}
          acceptValueOnBlur
          data={field.schema.items ? fieldOf('', field.schema.items, props.root, false).choices : []}
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={(texts) => change(path, texts.length > 0 || field.required ? texts : undefined)}
        />
      );
    case 'list':
      return <ListInput {...props} />;
    case 'group':
      return <GroupInput {...props} />;
    case 'map':
      return <MapInput {...props} />;
    default:
      return <AnyInput {...props} />;
  }
}

function Frame({ field, children }: { field: Field; children: React.ReactNode }) {
  return (
    <Fieldset legend={`${field.name}${field.required ? ' *' : ''}`} variant="default" p="sm">
      <Stack gap="sm">
        {field.description && <div className="hint">{field.description}</div>}
        {children}
      </Stack>
    </Fieldset>
  );
}

function AddButton({ name, onClick }: { name: string; onClick: () => void }) {
  const { t } = useTexts();
  return (
    <Button size="compact-sm" variant="default" w="fit-content" leftSection={<IconPlus size={14} />} onClick={onClick}>
      {t('plugin.add', { name })}
    </Button>
  );
}

function GroupInput({ field, root, value, path, change }: InputProps) {
  const { t } = useTexts();
  const isThere = isObject(value);
  return (
    <Frame field={field}>
      {isThere ? (
        <>
          <SchemaForm schema={field.schema} root={root} value={value} path={path} change={change} />
          {!field.required && (
            <Button
              size="compact-sm"
              variant="subtle"
              color="red"
              w="fit-content"
              onClick={() => change(path, undefined)}
            >
              {t('action.remove')}
            </Button>
          )}
        </>
      ) : (
        <AddButton name={field.name} onClick={() => change(path, {})} />
      )}
    </Frame>
  );
}

function ListInput({ field, root, value, path, change }: InputProps) {
  const { t } = useTexts();
  const rows = Array.isArray(value) ? value : [];
  const item = resolve(field.schema.items ?? {}, root);
  const move = (from: number, to: number) => {
    const moved = [...rows];
    moved.splice(to, 0, ...moved.splice(from, 1));
    change(path, moved);
  };
  const remove = (index: number) =>
    rows.length === 1 && !field.required ? change(path, undefined) : change([...path, index], undefined);
  return (
    <Frame field={field}>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place
        <Fieldset key={index} legend={`${field.name} ${index + 1}`} p="sm" className="inner">
          <Group gap={4} justify="flex-end" mb={4}>
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={index === 0}
              aria-label={t('plugin.up', { name: `${field.name} ${index + 1}` })}
              onClick={() => move(index, index - 1)}
            >
              <IconArrowUp size={16} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={index === rows.length - 1}
              aria-label={t('plugin.down', { name: `${field.name} ${index + 1}` })}
              onClick={() => move(index, index + 1)}
            >
              <IconArrowDown size={16} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={`${t('action.remove')} ${field.name} ${index + 1}`}
              onClick={() => remove(index)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
          <SchemaForm schema={item} root={root} value={row} path={[...path, index]} change={change} />
        </Fieldset>
      ))}
      <AddButton name={field.name} onClick={() => change([...path, rows.length], {})} />
    </Frame>
  );
}

/** Names of one's own with a value each. */
function MapInput({ field, root, value, path, change }: InputProps) {
  const { t } = useTexts();
  const [name, setName] = useState('');
  const known = isObject(value) ? value : {};
  const inner = typeof field.schema.additionalProperties === 'object' ? field.schema.additionalProperties : {};
  const isFree = name.trim() !== '' && !(name.trim() in known);
  return (
    <Frame field={field}>
      {Object.entries(known).map(([key, one]) => (
        <Group key={key} align="flex-end" wrap="nowrap" gap="xs">
          <div style={{ flex: 1 }}>
            <Input
              field={fieldOf(key, inner, root, true)}
              root={root}
              value={one}
              path={[...path, key]}
              change={change}
            />
          </div>
          <ActionIcon
            variant="subtle"
            color="red"
            size="lg"
            aria-label={`${t('action.remove')} ${key}`}
            onClick={() => change(Object.keys(known).length === 1 ? path : [...path, key], undefined)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Group align="flex-end" gap="xs">
        <TextInput label={t('plugin.newName')} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Button
          variant="default"
          disabled={!isFree}
          onClick={() => {
            const start = fieldOf('', inner, root, true).kind === 'group' ? {} : '';
            change([...path, name.trim()], start);
            setName('');
          }}
        >
          {t('action.add')}
        </Button>
      </Group>
    </Frame>
  );
}

/** Whatever no input fits: as JSON, taken over when it can be read. */
function AnyInput({ field, value, path, change }: InputProps) {
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value));
  return (
    <JsonInput
      label={field.name}
      description={field.description || undefined}
      withAsterisk={field.required}
      autosize
      value={text}
      onChange={setText}
      onBlur={() => {
        try {
          change(path, text.trim() === '' ? undefined : JSON.parse(text));
        } catch {
          // Stays as it was typed, marked as wrong.
        }
      }}
      validationError="JSON"
    />
  );
}
