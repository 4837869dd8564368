// The definition of a plug-in as text, and changes of single places in it: comments, order and unknown fields stay.
import { isCollection, isScalar, parseDocument } from 'yaml';

export type Path = Array<string | number>;

export interface Read {
  value: unknown;
  /** Why the text cannot be read. */
  problem?: string;
}

export function read(text: string): Read {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) return { value: undefined, problem: error.message };
  return { value: document.toJS() ?? {} };
}

/** The text with the value at the path; without a value, with nothing there. */
export function change(text: string, path: Path, value: unknown): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  const there = document.getIn(path, true);
  // A new value in the old place keeps the comment beside it.
  if (isScalar(there) && value !== undefined && (value === null || typeof value !== 'object')) there.value = value;
  else if (value !== undefined) {
    const around = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
    // What is empty is written as {} or []; with something inside, it goes line by line like the rest.
    if (isCollection(around) && around.items.length === 0) around.flow = false;
    document.setIn(path, document.createNode(value));
  } else if (document.hasIn(path)) document.deleteIn(path);
  return document.contents === null ? '' : document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
