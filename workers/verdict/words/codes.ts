/** Sentences of single codes. [owner, helper, developer] */
export const CODES = {
  'x-irql': [
    'It did so at a moment when only memory that is surely present may be used.',
    'At {irql} pageable or freed memory must not be touched; docs: usually the memory is bad, not the level.',
    'IRQL {irql}.',
  ],
  'x-special-pool': [
    'A test that Windows runs on drivers caught this in the act, so the driver named is nearly proved.',
    'Special pool caught the access in the act: the driver at the instruction is near-proof.',
    'Special pool hit.',
  ],
  'x-readonly': ['It wrote to memory that is marked read-only.', 'Write to read-only memory at {kind}.', 'Write to read-only {kind}.'],
  'x-noexecute': [
    'It jumped to a place that holds data, not code.',
    'Execution of {kind}: a corrupted function pointer or return address; the caller is the return address on the stack.',
    'NX fault at {kind}.',
  ],
  'x-pool-found': [
    'The part of Windows that noticed it was only handing memory out or taking it back.',
    'The stack found the damage while allocating or freeing; the owner of the neighbouring block is the suspect.',
    'Detected on free/alloc; inspect neighbours.',
  ],
  'x-pool-caller': [
    'The caller handed Windows a wrong piece of memory.',
    'Here the caller is guilty more often than not: {meaning}.',
    'Caller error: {meaning}.',
  ],
  'x-double-fault': [
    'The kernel’s stack is small; long chains of filter drivers can use it up.',
    'Kernel stack used up: sum the frames per driver (antivirus, encryption, file filters).',
    'Stack exhaustion; sum frame sizes per module.',
  ],
  'x-trap': ['The processor raised an error that the kernel cannot handle: {trap}.', 'Trap {trap}.', 'Trap {trap}.'],
  'x-cookie': [
    'A function wrote past the end of its own buffer on the stack.',
    'The function below the check handlers owns the overrun buffer.',
    'Owner of the buffer: frame below the check.',
  ],
  'x-mdl': [
    'The driver unlocked or mapped memory in the wrong order.',
    'Misuse of a memory descriptor list: the driver on the stack is the suspect.',
    'MDL misuse.',
  ],
  'x-page-table': ['The tables that say where memory lies were damaged.', 'Page table or page frame data inconsistent: {meaning}.', '{meaning}.'],
  'x-store': ['Windows keeps compressed memory; unpacking it failed.', 'Store manager: {status}.', 'Store exception {status}.'],
  'x-zero-page': [
    'A page that must hold only zeros had one bit set.',
    'Zero page with a set bit at {va}, page frame {pfn}: same region over several dumps means one module or slot.',
    'Zeroed page corrupt: VA {va}, PFN {pfn}.',
  ],
  'x-patchguard': [
    'Windows checks its own core parts and found one changed: {meaning}.',
    'Kernel Patch Protection: {meaning}. Stack and uptime say nothing here.',
    'PatchGuard type {type}: {meaning}; the stack is meaningless.',
  ],
  'x-tdr': [
    'Windows resets a graphics card that does not answer within two seconds; this reset failed or came too often.',
    'Timeout detection and recovery failed (status {status}); module of argument 2: {place}.',
    'TDR failure, {status}; owner tag {place}.',
  ],
  'x-power-irp': [
    'The device’s drivers are asked one after the other; one kept the request.',
    'The blocked IRP is {irp}; its current stack location names the holder.',
    'IRP {irp}; read the current stack location, skip the bus.',
  ],
  'x-wdf': ['A driver used Windows’ driver framework against its rules.', 'WDF violation: {meaning}; the framework only reports it.', 'WDF: {meaning}.'],
  'x-irp-twice': [
    'Two drivers finished the same request.',
    'IRP {irp} was completed twice; the first completer left no trace: every driver in its stack locations is a candidate.',
    'IRP {irp} completed twice.',
  ],
  'x-unloaded-pending': [
    'A driver was removed while work of its own was still outstanding.',
    '{name} was unloaded with work pending: its name in the unloaded list is the proof.',
    '{name} unloaded with pending operations.',
  ],
  'x-reference': [
    'A driver counted its users wrongly.',
    'Reference count of object {object} wrong: look at its type and who holds it.',
    'Object {object}: reference miscount.',
  ],
  'x-syscall-irql': [
    'A call into Windows came back at a level that is forbidden there.',
    'System call at {address} returned at IRQL {irql}.',
    'Syscall {address} returned at {irql}.',
  ],
  'x-acpi': ['The firmware’s description of the hardware has an error: {meaning}.', 'ACPI: {meaning}{name}.', 'ACPI: {meaning}{name}.'],
  'x-inpage-disk': ['The disk gave back an error while Windows read its own files.', 'Status {status}: {hint}.', '{status}: {hint}.'],
  'x-volume-damaged': ['The disk answered, but what stands on it does not fit together.', 'Status {status}: {hint}.', '{status}: {hint}.'],
  'x-paging-damaged': [
    'The answer that came back is one that no disk gives; it comes from damaged data in memory.',
    'Status {status}: {hint}.',
    '{status}: {hint}.',
  ],
  'x-vendor': [
    'A driver may stop Windows itself when it finds its device in a state that it cannot handle.',
    'The meaning of the arguments is the maker’s; drivers of this kind stop when their device does not come up or does not answer.',
    'Vendor code: arguments are private to the driver.',
  ],
  'x-verifier': ['The test found: {meaning}.', 'Verifier check {value}: {meaning}; area: {area}.', 'Verifier {value}: {meaning}.'],
  'x-hung-context': [
    'What the silent core was doing is not in this small file.',
    'The hung processor’s own registers are not in this dump.',
    'Context of the hung processor absent.',
  ],
  'x-guest': [
    'In a virtual machine a busy host can cause this without any fault inside.',
    'In a guest, time taken by the host explains this code.',
    'Guest: host scheduling.',
  ],
  'x-critical': [
    'Windows stops on purpose when this program ends, since nothing works without it.',
    'Critical process or thread; look for who called NtTerminateProcess or for an unhandled exception in it.',
    'Find the terminating thread or the exit status.',
  ],
  'x-fast-fail': [
    'It found its own memory damaged, or met a state that must not be, and stopped at once.',
    'Fast fail ({status}): a check of its own or of its runtime failed; its own dump or the event log names the code.',
    'Fast fail {status}.',
  ],
  'x-usb-clients': ['A USB device or its driver misused the USB system.', 'USB: {meaning}; client driver of the device is the suspect.', 'USB: {meaning}.'],
  'x-hiber': ['It happened while the computer went to or came from sleep.', 'Power transition: {meaning}.', 'Power transition: {meaning}.'],
  'x-ntfs': [
    'The file system stopped at a place of its own code that only Microsoft can name.',
    '{driver}: source file {file}, line {line}; status {status}.',
    '{driver} {file}:{line}, {status}.',
  ],
  'x-app-av': [
    'It tried to {access} memory that it may not use ({plain}).',
    'Access violation: {access} of {address}, {kind}.',
    '{access} of {address}: {kind}.',
  ],
  'x-app-exec': [
    'It jumped into data instead of code.',
    'Execution at {address}: a broken function pointer or return address.',
    'Bad control transfer to {address}.',
  ],
  'x-app-touch': ['It tried to use memory that it may not use ({plain}).', 'Address touched: {address}, {kind}.', '{address}: {kind}.'],
  'x-app-divide': ['It divided a number by zero.', 'Division by zero.', 'Division by zero.'],
  'x-signal': ['The system ended it with {signal}.', 'Signal {signal}.', 'Signal {signal}.'],
  'x-throw': [
    'The error was raised on purpose by the program’s own code and nobody caught it.',
    'The throwing frame is below the runtime: {place}.',
    'Throw site {place}.',
  ],
  'x-heap': [
    'The place where it was noticed is usually not the place where it was done.',
    'Heap corruption is found late: page heap (gflags) finds the writer.',
    'Enable page heap to catch the writer.',
  ],
  'x-loader': ['A file the program needs was missing or did not fit.', 'Loader: {status}.', 'Loader: {status}.'],
} as const;
