// What can be told wrong about a JSON Schema before the server sees it; the server checks the rest.
import type { Translate } from '../../i18n';

export const STARTING_SCHEMA = JSON.stringify(
  { type: 'object', properties: { id: { type: 'string', description: '' } }, required: ['id'] },
  null,
  2,
);

const LONGEST = 64 * 1024;

export function schemaProblem(text: string, t: Translate): string | null {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    return t('model.notJson', { reason: error instanceof Error ? error.message : String(error) });
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return t('model.notObject');
  const type = (read as { type?: unknown }).type;
  if (type !== undefined && type !== 'object') return t('model.notObject');
  return new TextEncoder().encode(text).length > LONGEST ? t('model.tooLong') : null;
}
