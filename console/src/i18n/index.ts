// Languages: English is in the entry, others are loaded when they are chosen.
import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { en, type Key } from './en';

export type { Key } from './en';
export const LANGUAGES = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGES;
const STORED = 'isthmus-language';

export async function startLanguages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    resources: { en: { translation: en } },
  });
  const wanted = localStorage.getItem(STORED) ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
  await chooseLanguage(wanted === 'zh' ? 'zh' : 'en');
}

export async function chooseLanguage(language: Language): Promise<void> {
  if (language === 'zh' && !i18next.hasResourceBundle('zh', 'translation')) {
    const { zh } = await import('./zh');
    i18next.addResourceBundle('zh', 'translation', zh);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  localStorage.setItem(STORED, language);
}

export type Translate = (key: Key, values?: Record<string, string | number>) => string;

/** The texts of the chosen language. */
export function useTexts(): { t: Translate; language: Language } {
  const { t, i18n } = useTranslation();
  return { t: t as unknown as Translate, language: i18n.language === 'zh' ? 'zh' : 'en' };
}
