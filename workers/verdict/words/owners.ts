/** What a pointer was, whose memory it led to, who was noted, who shares the stack. [owner, helper, developer] */
export const OWNERS = {
  'e-refused': [
    'The address that it really used cannot exist, so the processor gave none.',
    '{instruction} with {inputs} uses {address}, which is no possible address; Windows then reports -1.',
    '{instruction}, {inputs} → {address}, not canonical: #GP, reported as -1.',
  ],
  'e-unaligned': [
    'The instruction needs an address that is a multiple of 16, and got another one.',
    '{instruction} with {inputs} uses {address}, which is not aligned to 16 bytes; Windows then reports -1.',
    '{instruction}, {inputs} → {address}: alignment #GP, reported as -1.',
  ],
  'e-base-value': ['The value it took for an address is {plain}.', 'Register {register} = {value}: {kind}.', '{register} = {value}: {kind}.'],
  'e-pool-block': [
    'The memory concerned was {state} and belonged to {owner}.',
    '{what} {address} lies in a pool block at {at}, {size} bytes, tag “{tag}” ({owner}), {state}.',
    '{address}: pool {at} size {size} tag “{tag}” ({owner}), {state}.',
  ],
  'e-pool-before': [
    'The memory right before it belonged to {owner}.',
    'The block in front, at {at}, has the tag “{tag}” ({owner}): an overrun comes from there.',
    'Preceding block {at} tag “{tag}” ({owner}).',
  ],
  'e-list-twice': [
    'Something was taken off a list that it was no longer on.',
    'The entry {entry} is off its list already: its neighbours point at each other. It was removed twice.',
    'LIST_ENTRY {entry}: Flink.Blink = Blink, Blink.Flink = Flink: double removal.',
  ],
  'e-list-link': [
    'A link of a list was overwritten.',
    'The neighbour {neighbour} of the list entry {entry} points to {found} instead of back to it.',
    'LIST_ENTRY {entry}: neighbour {neighbour} holds {found}.',
  ],
  'e-list-bit': [
    'The link is wrong by a single bit.',
    'The wrong link {found} and the entry {entry} differ in bit {bit} alone.',
    '{found} ^ {entry}: bit {bit}.',
  ],
  'e-flip-held': [
    'With that bit put right it is an address that was in use.',
    '{address}, the address with bit {bit} put right, is memory in this dump.',
    '{address} (bit {bit} restored) is mapped.',
  ],
  'e-pointer-twin': [
    'The same address stands nearby without the wrong bit.',
    '{register} = {value}, and {where} holds {twin}: the same but for bit {bit}.',
    '{register} {value} ^ {where} {twin}: bit {bit} alone.',
  ],
  'e-kernel-suspect': ['Windows itself noted {who} when it stopped.', 'The kernel noted the driver {who} itself when it stopped.', 'KiBugCheckDriver: {who}.'],
  'e-wdf-log': [
    'Windows’ driver framework kept its notes about {who}.',
    'The framework’s log in this dump is that of {name}: {who}.',
    'WDF in-flight recorder of {name} ({who}).',
  ],
  'e-blobs': [
    'Parts of Windows left notes of their own in the file.',
    'Secondary data of the parts concerned is in the dump: {names}.',
    'Secondary data: {names}.',
  ],
  'e-device-stack': ['The device concerned is served by {names}.', 'Device stack of {device}, from the bus up: {names}.', '{device}: {names} (bottom up).'],
  'e-stack-shares': ['Most of the stack was used by {names}.', 'Stack use by module: {names}.', 'Stack bytes: {names}.'],
  'e-good-code': [
    'The instruction in the file is one that every processor knows, yet the processor called it illegal.',
    '“{instruction}” is valid on every x64 processor, yet it was refused: what ran was not what the dump holds.',
    '#UD on the valid base instruction {instruction}.',
  ],
  'e-good-register': [
    'A register holds an address of Windows that is wrong by one bit.',
    'The instruction is not in this dump; register {register} = {value} is a kernel address but for bit {bit}.',
    '{register} = {value}: bit {bit} off canonical.',
  ],
  'e-code-patched': [
    'The code at that place was changed in memory: it jumps elsewhere ({to}).',
    'Code at {at} was rewritten: it jumps to {to}, the image does not.',
    '{at}: jump to {to} where the image has other code.',
  ],
  'x-passed-to-scheduler': [
    'What Windows was working on there belongs to no one in particular: the driver that called it need not have to do with it.',
    'The fault is in the scheduler, the pool or the memory manager, which work on objects of all drivers: the caller is no suspect by that.',
    'Shared kernel internals: caller not implied.',
  ],
} as const;
