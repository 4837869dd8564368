// The last step of the checklist: no operation tells whether a call ever succeeded, so the browser remembers its own.
const PLACE = 'isthmus-first-call';

export const noteFirstCall = () => localStorage.setItem(PLACE, 'yes');
export const hasCalled = () => localStorage.getItem(PLACE) !== null;
