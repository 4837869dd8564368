// Pages that nobody wants to see: an unknown path, and a defect of the console. Plain elements: they are in the entry.
import type { ErrorComponentProps } from '@tanstack/react-router';
import { ApiError } from '../api/client';
import { useTexts } from '../i18n';

export function NotFound() {
  const { t } = useTexts();
  return (
    <main className="failure">
      <h1>404</h1>
      <p>{t('error.notFound')}</p>
      <a href="/console/">{t('nav.overview')}</a>
    </main>
  );
}

export function PageDefect({ error, reset }: ErrorComponentProps) {
  const { t } = useTexts();
  const known = error instanceof ApiError ? error : null;
  return (
    <main className="failure" role="alert">
      <h1>{t('error.title')}</h1>
      <p>{known?.status === 0 ? t('error.offline') : known ? `${known.code}: ${known.message}` : t('error.defect')}</p>
      {!known && <pre>{String(error)}</pre>}
      <button type="button" onClick={reset}>
        {t('action.retry')}
      </button>
    </main>
  );
}
