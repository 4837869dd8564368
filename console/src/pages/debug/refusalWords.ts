// What a refusal means, in the reader's language; what a language lacks stays as the server words it.
import { useQuery } from '@tanstack/react-query';
import { useTexts } from '../../i18n';

interface Explained {
  Layer?: string;
  Title?: string;
  Fix?: string;
}

export function useRefusalWords() {
  const { language } = useTexts();
  const words = useQuery({
    queryKey: ['words', language],
    queryFn: () => (language === 'zh' ? import('../../i18n/refusals.zh') : null),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (code: string, server: Explained) => {
    const [title, fix] = words.data?.refusals[code] ?? [server.Title, server.Fix];
    return { title, fix, layer: words.data?.layers[server.Layer ?? ''] ?? server.Layer };
  };
}
