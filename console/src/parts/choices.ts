// Three ways of one thing, field by field: as it was when editing began, as somebody else saved it, as it is in the form.
export interface Choice {
  field: string;
  base: unknown;
  theirs: unknown;
  mine: unknown;
  /** Both changed it, each in another way. */
  conflicts: boolean;
}

type Fields = ReadonlyMap<string, unknown>;

export const same = (one: unknown, other: unknown) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** Every field that one side changed and the other has not. */
export function choicesOf(base: Fields, theirs: Fields, mine: Fields): Choice[] {
  const found: Choice[] = [];
  for (const field of new Set([...base.keys(), ...theirs.keys(), ...mine.keys()])) {
    const one = { base: base.get(field), theirs: theirs.get(field), mine: mine.get(field) };
    if (same(one.theirs, one.mine)) continue;
    const conflicts = !same(one.base, one.theirs) && !same(one.base, one.mine);
    found.push({ field, ...one, conflicts });
  }
  return found;
}

/** What stands where nobody has chosen yet. */
export const takesMine = (choice: Choice): boolean => choice.conflicts || same(choice.base, choice.theirs);
