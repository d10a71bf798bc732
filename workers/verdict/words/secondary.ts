/** What the computer is, and what parts of it noted. [owner, helper, developer] */
export const SECONDARY_WORDS = {
  'e-cpu-fault': [
    'This kind of processor has a published fault: {fault}.',
    'Processor {model}, microcode {microcode}: {fault} ({published}).',
    '{model}, microcode {microcode}: published fault – {fault} ({published}).',
  ],
  'e-cpu-fixed': [
    'This kind of processor has a published fault, and the firmware holds the correction.',
    'Processor {model}, microcode {microcode}, corrected for: {fault} ({published}).',
    '{model}, microcode {microcode} ≥ corrected revision: {fault}.',
  ],
  'e-firmware-old': [
    'The firmware (BIOS) of this computer was {years} years old.',
    'Firmware {which} of {date}: {years} years older than the crash.',
    'SMBIOS firmware {which}, {date} ({years} years).',
  ],
  'e-memory-fast': [
    'The memory runs {what} (XMP, EXPO or by hand).',
    '{kind} memory at {configured} MT/s and {volts} runs {what}, {limit}: a profile (XMP, EXPO) or an overclock.',
    '{kind} configured {configured} MT/s, {volts} ({what}: {limit}).',
  ],
  'e-memory-mixed': ['Memory modules of different kinds are mixed.', 'Different memory modules together: {modules}.', 'Mixed DIMMs: {modules}.'],
  'e-shutting-down': [
    'Windows was shutting down.',
    'The boot status says that a shutdown was under way, noted {when}.',
    'BSD: shutdown in progress, noted {when}.',
  ],
  'e-sleeping': [
    'The computer was going to sleep or waking up.',
    'The boot status says that a change of {state} was under way, noted {seconds} seconds before the stop.',
    'BSD: transition {state} in progress, {seconds} s.',
  ],
  'e-power-button': [
    'The power button was pressed shortly before.',
    'The power button was pressed {seconds} seconds before the stop.',
    'BSD: power button press {seconds} s before.',
  ],
  'e-boots-lost': [
    'Earlier starts of Windows did not end properly either: {count}.',
    'Starts since the last proper shutdown that ended without one: {count} (this is start {boot}, the last one shut down properly was {shutdown}).',
    'BSD: boot id {boot}, last clean shutdown {shutdown}.',
  ],
  'e-winlogon': [
    'The logon program was in the middle of something.',
    'winlogon had an operation pending: {operation}.',
    'winlogon black box: {operation} pending.',
  ],
  'e-pnp-busy': [
    'Windows was adding or removing a device at that moment.',
    'A plug-and-play event of {device} was in progress for {seconds} seconds.',
    'PnP event in progress: {device}, {seconds} s.',
  ],
  'e-pnp-gone': [
    'A device had just gone.',
    'The device {device} was taken away {seconds} seconds before the stop.',
    'PnP: {device} gone (problem 24), {seconds} s before.',
  ],
  'e-ci-damaged': [
    'A driver’s file did not match its signature just before: {file}.',
    '{file} failed its signature check ({status}) {seconds} seconds before the stop: it was damaged on the drive or in memory, unless it is not signed at all.',
    'Code integrity: {file}, {status}, {seconds} s before.',
  ],
  'e-ci-refused': [
    'Windows refused to load a file just before.',
    'Code integrity refused {file} ({status}) {seconds} seconds before the stop.',
    'Code integrity: {file}, {status}, {seconds} s before.',
  ],
  'e-ntfs-slow': [
    'The file system had waited far too long for the drive.',
    'NTFS noted {count} requests that the drive did not answer in time.',
    'NTFS black box: {count} slow I/O timeouts.',
  ],
  'e-ntfs-oplock': [
    'Programs had waited long for each other’s files.',
    'NTFS noted {count} waits for the break of an oplock.',
    'NTFS black box: {count} oplock break timeouts.',
  ],
  'e-storage-failed': [
    'The drive had refused requests.',
    '{failed} of the last {count} disk commands failed: {what}.',
    'Storage trace: {failed}/{count} failed: {what}.',
  ],
  'e-storage-stuck': [
    'A request to the drive had not been answered.',
    'A disk command had been under way for {seconds} seconds ({driver}).',
    'Storage trace, {driver}: oldest pending command {seconds} s.',
  ],
  'e-storage-well': [
    'The last requests to the drive went well.',
    'None of the last {count} disk commands failed or hung ({driver}).',
    'Storage trace, {driver}: {count} commands, none failed or stuck.',
  ],
  'e-pci-error': [
    'A device of this computer reports an error on its connection.',
    'Device {device} reports: {what}.',
    'PCI configuration space, {device}: {what}.',
  ],
  'e-pci-silent': [
    'Some devices did not answer; laptops switch a second graphics card off.',
    'PCI functions that did not answer: {places}. They are switched off, as a laptop’s second graphics card often is, or gone.',
    'PCI all-ones: {places}.',
  ],
} as const;
