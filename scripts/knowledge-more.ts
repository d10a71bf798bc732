/** Rows of our own that the collected fact files lack: where makers offer their drivers, and processors with known faults. */

/**
 * Where a maker offers its drivers: what the vendor's name begins with, address. Makers' own sites only; believed, not checked one by one.
 * For parts of a laptop or a whole computer its maker comes first, since its packages are fitted to it.
 */
export const UPDATE_PLACES: readonly (readonly [string, string])[] = [
  ['NVIDIA', 'https://www.nvidia.com/drivers'],
  ['AMD', 'https://www.amd.com/support'],
  ['Intel', 'https://www.intel.com/content/www/us/en/download-center/home.html'],
  ['Realtek', 'https://www.realtek.com/Download'],
  ['Broadcom', 'https://www.broadcom.com/support/download-search'],
  ['Qualcomm', 'https://www.qualcomm.com/support'],
  ['Marvell', 'https://www.marvell.com/support/downloads.html'],
  ['ASUS', 'https://www.asus.com/support/download-center/'],
  ['ASRock', 'https://www.asrock.com/support/index.asp'],
  ['Gigabyte', 'https://www.gigabyte.com/Support'],
  ['MSI', 'https://www.msi.com/support/download'],
  ['Micro-Star', 'https://www.msi.com/support/download'],
  ['Dell', 'https://www.dell.com/support/home'],
  ['HP', 'https://support.hp.com/drivers'],
  ['Lenovo', 'https://support.lenovo.com'],
  ['Acer', 'https://www.acer.com/support'],
  ['Samsung', 'https://www.samsung.com/support/'],
  ['Sony', 'https://www.sony.com/electronics/support'],
  ['Logitech', 'https://support.logi.com'],
  ['Razer', 'https://mysupport.razer.com'],
  ['Corsair', 'https://www.corsair.com/downloads'],
  ['SteelSeries', 'https://support.steelseries.com'],
  ['Creative', 'https://support.creative.com'],
  ['Synaptics', 'https://www.synaptics.com/support'],
  ['VMware', 'https://support.broadcom.com'],
  ['Oracle', 'https://www.virtualbox.org/wiki/Downloads'],
  ['Parallels', 'https://www.parallels.com/support/'],
  ['Red Hat', 'https://github.com/virtio-win/virtio-win-pkg-scripts'],
  ['Kaspersky', 'https://support.kaspersky.com'],
  ['Symantec', 'https://support.norton.com'],
  ['Norton', 'https://support.norton.com'],
  ['Avast', 'https://support.avast.com'],
  ['AVG', 'https://support.avg.com'],
  ['ESET', 'https://support.eset.com'],
  ['Bitdefender', 'https://www.bitdefender.com/consumer/support/'],
  ['Malwarebytes', 'https://support.malwarebytes.com'],
  ['McAfee', 'https://www.mcafee.com/support/'],
  ['Trend Micro', 'https://helpcenter.trendmicro.com'],
  ['Sophos', 'https://support.sophos.com'],
  ['CrowdStrike', 'https://supportportal.crowdstrike.com'],
  ['SentinelOne', 'https://www.sentinelone.com/global-services/get-support-now/'],
  ['Webroot', 'https://www.webroot.com/us/en/support'],
  ['Avira', 'https://support.avira.com'],
  ['Panda', 'https://www.pandasecurity.com/support/'],
  ['WithSecure', 'https://www.withsecure.com/support'],
  ['Doctor Web', 'https://support.drweb.com'],
  ['Acronis', 'https://www.acronis.com/support/'],
  ['Paragon', 'https://www.paragon-software.com/support/'],
  ['EaseUS', 'https://www.easeus.com/support.htm'],
  ['AOMEI', 'https://www.aomeitech.com/support.html'],
  ['Cisco', 'https://software.cisco.com'],
  ['Fortinet', 'https://support.fortinet.com'],
  ['Palo Alto', 'https://support.paloaltonetworks.com'],
  ['NordVPN', 'https://support.nordvpn.com'],
  ['Citrix', 'https://www.citrix.com/downloads/'],
  ['Xen / Citrix', 'https://www.citrix.com/downloads/'],
  ['CPUID', 'https://www.cpuid.com'],
  ['BlueStacks', 'https://support.bluestacks.com'],
  ['Rivet Networks', 'https://www.intel.com/content/www/us/en/download-center/home.html'],
  ['Google', 'https://support.google.com'],
  ['Apple', 'https://support.apple.com'],
  ['Riot Games', 'https://support-valorant.riotgames.com'],
  ['Epic Games', 'https://www.easy.ac/support/'],
  ['BattlEye', 'https://www.battleye.com/support/'],
  ['FACEIT', 'https://support.faceit.com'],
  ['Valve', 'https://help.steampowered.com'],
  ['OpenVPN', 'https://openvpn.net/community/'],
  ['WireGuard', 'https://www.wireguard.com/install/'],
  ['Nmap', 'https://npcap.com'],
  ['Nefarius', 'https://docs.nefarius.at'],
  ['REALiX', 'https://www.hwinfo.com/download/'],
  ['VB-Audio', 'https://vb-audio.com'],
  ['VeraCrypt', 'https://veracrypt.fr'],
  ['Dokan', 'https://dokan-dev.github.io'],
  ['WinFsp', 'https://winfsp.dev'],
  ['Disc Soft', 'https://www.daemon-tools.cc'],
  ['Sandboxie', 'https://sandboxie-plus.com'],
  ['Trellix', 'https://www.trellix.com/support/'],
];

/** Programs of Windows that stops and event logs name: file, what it is. */
export const WINDOWS_PROGRAMS: readonly (readonly [string, string])[] = [
  ['svchost.exe', 'host of Windows services'],
  ['csrss.exe', 'client/server runtime'],
  ['smss.exe', 'session manager'],
  ['wininit.exe', 'start of Windows'],
  ['winlogon.exe', 'sign-in'],
  ['services.exe', 'service control manager'],
  ['lsass.exe', 'local security authority'],
  ['explorer.exe', 'desktop and folders'],
  ['dwm.exe', 'desktop window manager'],
  ['conhost.exe', 'console host'],
  ['dllhost.exe', 'COM host'],
  ['rundll32.exe', 'runs functions of DLLs'],
  ['sihost.exe', 'shell infrastructure host'],
  ['taskhostw.exe', 'host of tasks'],
  ['spoolsv.exe', 'print spooler'],
  ['searchindexer.exe', 'search index'],
  ['searchhost.exe', 'search'],
  ['startmenuexperiencehost.exe', 'start menu'],
  ['shellexperiencehost.exe', 'shell'],
  ['runtimebroker.exe', 'permissions of Store apps'],
  ['wmiprvse.exe', 'management provider host'],
  ['audiodg.exe', 'audio engine'],
  ['werfault.exe', 'error reporting'],
  ['msmpeng.exe', 'Microsoft Defender'],
  ['tiworker.exe', 'Windows Update worker'],
  ['combase.dll', 'COM'],
];

export interface CpuFaultRow {
  readonly vendor: 'Intel' | 'AMD';
  /** Hexadecimal, as the columns of the table. */
  readonly family: string;
  readonly model: string;
  /** Only this stepping, where the fault is known to be gone in later ones. */
  readonly stepping?: string;
  /** The first revision of the microcode that corrects it. */
  readonly fixedBy?: string;
  /** It shows only after so many days without a restart. */
  readonly afterDays?: string;
  readonly fault: string;
  readonly published: string;
}
/** The note of 2017 on Debian's development list names these revisions: 0xB9/0xBA for Skylake, above 0x48 for Kaby Lake. */
const SHORT_LOOPS = 'with hyper-threading some short loops ran wrongly before the microcode of 2017';
/**
 * Processor models with a published fault that stops computers.
 * A model in this list proves nothing about a single dump: most of these computers run well, above all after the update named.
 */
export const CPU_FAULTS: readonly CpuFaultRow[] = [
  {
    vendor: 'Intel',
    family: '6',
    model: 'b7',
    fixedBy: '12b',
    fault:
      '13th and 14th generation desktop processors can become unstable for good through too high voltage (Vmin shift); firmware with microcode 0x12B or later stops the damage, it does not undo it',
    published: 'Intel community statement of September 2024',
  },
  {
    vendor: 'Intel',
    family: '6',
    model: '4d',
    fault: 'early C2000 parts lose their clock output with age, and the computer no longer starts',
    published: 'Intel specification update 330061, erratum AVR54',
  },
  {
    vendor: 'Intel',
    family: '6',
    model: '5c',
    fault: 'the LPC, clock and SD signals of early parts degrade with age',
    published: 'Intel specification update 334820, erratum APL47',
  },
  ...(['4e', '5e'] as const).map((model) => ({
    ...{ vendor: 'Intel' as const, family: '6', model, stepping: '3', fixedBy: 'ba', fault: SHORT_LOOPS },
    published: 'Intel specification update 332689, erratum SKL150',
  })),
  ...(['8e', '9e'] as const).map((model) => ({
    ...{ vendor: 'Intel' as const, family: '6', model, stepping: '9', fixedBy: '49', fault: SHORT_LOOPS },
    published: 'Intel specification update 334663, erratum KBL095',
  })),
  {
    vendor: 'AMD',
    family: '17',
    model: '1',
    fault: 'some early Ryzen processors fail under heavy parallel load and were replaced by the maker',
    published: 'AMD statement of August 2017',
  },
  {
    vendor: 'AMD',
    family: '17',
    model: '31',
    afterDays: '1000',
    fault: 'a core can hang after about 1,044 days without a restart',
    published: 'AMD revision guide 56323, erratum 1474',
  },
];
