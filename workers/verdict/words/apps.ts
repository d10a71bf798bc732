/** What applications leave behind: thrown errors, panics, heaps, locks. [owner, helper, developer] */
export const APPS = {
  'h-app-panic': [
    'The program {app} stopped itself: its code met a state that it does not allow (a {language} panic).',
    '{app}: {language} panic, not handled.',
    '{app}: {language} panic at {place}.',
  ],
  'h-app-parameter': [
    'The program {app} gave Windows’ C library something that it does not accept.',
    '{app}: invalid parameter to the C runtime, by {who}.',
    '{app}: invalid parameter handler; caller {place}.',
  ],
  'h-app-abort': [
    'The program {app} ended itself after an error it could not go on with.',
    '{app}: abort() or a fatal exit, by {who}.',
    '{app}: abort, called from {place}.',
  ],
  'h-app-loader': [
    'The program {app} could not start: a file that it needs is missing or refused to load.',
    '{app}: the loader gave up, {what}.',
    '{app}: loader failure {what}.',
  ],
  'h-app-stowed': [
    'The program {app} ended because of an error that nobody handled: {code}.',
    '{app}: stowed exception {code}, raised at {place}.',
    '{app}: stowed {code} at {place}.',
  ],
  'h-app-clr': [
    'The .NET program {app} ended because of an error that nobody handled: {type}.',
    '{app}: unhandled .NET exception {type}.',
    '{app}: CLR exception {type}.',
  ],
  'h-app-deadlock': [
    'The program {app} does not answer: {count} of its threads wait for each other for ever.',
    '{app}: deadlock of {count} threads over critical sections.',
    '{app}: lock cycle of {count} threads.',
  ],
  'h-app-blocked': [
    'The program {app} does not answer: {count} of its threads wait for something that thread {owner} holds.',
    '{app}: {count} threads wait for critical sections that thread {owner} owns.',
    '{app}: thread {owner} holds what {count} threads wait for.',
  ],
  'a-not-seen': ['No step of the program itself can be seen in this file.', 'No proved frame of {app} is on the stack.', 'No trusted frame of {app}.'],
  'a-one-moment': [
    'One picture cannot tell a wait for ever from a wait for a moment.',
    'A snapshot shows that threads wait, not for how long: two of them, seconds apart, would.',
    'Single sample of a wait.',
  ],
  'a-memory-of-pc': [
    'The whole computer may have been short of memory, not this program alone.',
    'The limit may be the PC’s (commit limit, page file) and another process the one that used it up.',
    'System commit limit not excluded.',
  ],
  'e-break-called': [
    'The program itself called the routine that stops it.',
    '{who} called the break routine {place} from {from}: an assertion or another check of its own.',
    '{place} ← {from}: deliberate break.',
  ],
  'e-panic': ['The program’s own language ended it.', '{symbol} is on the stack: a {language} panic.', '{symbol} ({language}) on the stack.'],
  'e-throw-message': ['The program gave as the reason: “{message}”.', 'Text of the exception: “{message}”.', 'what(): “{message}”.'],
  'e-clr': ['The .NET error is {type}.', 'HRESULT {hresult}: {type}.', 'HRESULT {hresult} = {type}.'],
  'e-stowed': [
    'The program kept the error: {result}.',
    'Stowed exception at {at}: {result}, raised at {place}.',
    'STOWED_EXCEPTION_INFORMATION {at}: {result}, {place}.',
  ],
  'e-stowed-text': ['It came with the words “{message}”.', 'Text of the stowed exception: “{message}”.', 'ErrorText “{message}”.'],
  'e-heap-kind': [
    'The heap found damage: {what}.',
    'The heap’s own report at {at}: {what}{block}.',
    'HEAP_FAILURE_INFORMATION {at}: type {kind}, {what}{block}.',
  ],
  'e-lock-wait': [
    'Thread {waiter} waits for thread {owner}.',
    'Thread {waiter} ({waiterId}) waits for the critical section {section}, which thread {owner} ({ownerId}) owns; {count} wait for it.',
    'Thread {waiter} → critical section {section} → owner {owner} ({ownerId}), {count} waiters.',
  ],
  'e-owner-at': ['That thread stands in {place}.', 'Thread {owner}, which owns it, stands at {place}.', 'Owner {owner} at {place}.'],
  'e-injected': [
    'Programs of others have put code into it: {names}. That is a hint at most.',
    'Modules of security, overlay or capture tools inside the process: {names} (context only).',
    'Foreign modules: {names}.',
  ],
} as const;
