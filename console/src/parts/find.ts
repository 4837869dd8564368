// Finding by a few letters: every word must occur; a name that begins with what was typed comes first.
export interface Findable {
  name: string;
  kind: string;
  to: string;
  /** Found by, but not shown. */
  more: string;
}

export function find(items: Findable[], wanted: string): Findable[] {
  const words = wanted.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const first = words[0] ?? '';
  const rank = (item: Findable) => {
    const name = item.name.toLowerCase();
    if (name === wanted.trim().toLowerCase()) return 0;
    if (name.startsWith(first)) return 1;
    return name.includes(first) ? 2 : 3;
  };
  const fits = (item: Findable) => {
    const text = `${item.name} ${item.kind} ${item.more}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const found = items.filter(fits);
  return words.length === 0 ? found : found.sort((a, b) => rank(a) - rank(b));
}
