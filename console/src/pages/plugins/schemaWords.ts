// What a field of a plug-in is for, in the reader's language; a language that lacks a text shows the server's.
import { useQuery } from '@tanstack/react-query';
import { useTexts } from '../../i18n';

export function useSchemaWords(): (help: string) => string {
  const { language } = useTexts();
  const words = useQuery({
    queryKey: ['schema words', language],
    queryFn: async () => (language === 'zh' ? (await import('../../i18n/schemas.zh')).schemas : {}),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (help) => words.data?.[help] ?? help;
}
