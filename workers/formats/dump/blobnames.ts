/**
 * Names of secondary data blocks ("DumpBlob") by their GUID.
 * basis 'symbol': the GUID variable's name in Windows' own symbols, as public projects read it off Windows 11 26100 images;
 * the WDF and dxgkrnl ones also in the Windows-Driver-Frameworks sources and the docs of bug check 0x116.
 * basis 'content': read off the blocks' content in real dumps. Private: serial numbers, paths, event text or unknown content stand in it.
 */
export interface BlobName {
  readonly owner: string;
  readonly holds: string;
  readonly private: boolean;
  readonly basis: 'symbol' | 'content';
}

type Row = readonly [guid: string, owner: string, holds: string, basis: 's' | 'c', privacy?: 'private'];

const ROWS: readonly Row[] = [
  ['00afe9c4-940d-4213-8016-cd3719b5bc20', 'nt!PopBlackBoxNtfsGuid', 'NTFS black box', 's'],
  ['00dae7ca-6833-45c5-b147-bdaed7b61fd6', 'hvservice!HbEvtSystemDiagLogCrashdumpAreaGuid', 'Hyper-V boot event log', 's'],
  ['019c061a-6b6a-4dd6-ba34-b4738d85fca1', '', '', 'c', 'private'],
  ['0f1f53f3-561f-42e7-bdb4-ba8e66b726d5', 'nt!CmFcpSecondaryMultiPartDumpDataCallback', 'feature configuration', 's'],
  ['0f81ec00-9e50-48e6-b899-eb3bbeede741', 'win32kbase', 'in-flight recorder log', 'c'],
  ['0f81ec00-9e51-48e6-b899-eb3bbeede741', 'win32kbase', 'in-flight recorder log', 'c'],
  ['0f81ec00-9e52-48e6-b899-eb3bbeede741', 'win32kbase', 'in-flight recorder log', 'c'],
  ['0f81ec00-9e56-48e6-b899-eb3bbeede741', 'win32kbase_rim', 'in-flight recorder log', 'c'],
  ['10ec8168-313c-488c-afea-272cd2094616', 'Realtek network driver', 'Realtek PCIe NIC data', 'c', 'private'],
  ['21ba7b61-05f8-41f1-9048-c09493dcfe38', 'wdiwifi', 'in-flight recorder log', 'c'],
  ['21ba7b61-05f9-41f1-9048-c09493dcfe38', 'wdiwifi', 'in-flight recorder log', 'c'],
  ['270a33fd-3da6-460d-ba89-3c1bae21e39b', 'watchdog!WdDxgkSecondaryDataGUID', 'dxgkrnl / TDR state', 's'],
  ['2b4ae195-a64d-4f04-8ede-7e4f981bd42a', 'nt!GUID_TRIAGEDUMP_DATA', 'triage data blocks list', 's'],
  ['2b88b710-1c93-4f7c-b06c-655ecc50decc', 'nt!EtwSecondaryDumpDataGuid', 'ETW buffers of triage sessions', 's', 'private'],
  ['335d5e04-5638-4e58-aa36-7ed1cfe76fd6', 'win32kfull', 'in-flight recorder log', 'c'],
  ['335d5e04-563a-4e58-aa36-7ed1cfe76fd6', 'win32kfull', 'in-flight recorder log', 'c'],
  ['335d5e04-563b-4e58-aa36-7ed1cfe76fd6', 'win32kfull', 'in-flight recorder log', 'c'],
  ['35c39fc3-116d-4fb1-9bd1-d9988b4c3adf', '', '', 'c', 'private'],
  ['41c9ed64-e466-41c3-9726-b1a68f6ebb1c', '', '', 'c', 'private'],
  ['4ee76bd8-3cf4-44a0-a0ac-3937643e37a3', 'nt!PopBlackBoxCodeIntegrityGuid', 'code integrity black box', 's', 'private'],
  ['54c84888-01d1-4c1e-bed6-282c98241303', 'Wdf01000!WdfDumpGuid', 'KMDF in-flight recorder log', 's'],
  ['5545f79e-5326-4467-ae69-81633ae33155', '', 'power button data', 'c', 'private'],
  ['5bc8704a-6cb7-4378-ac72-ad06e2416e4a', 'nt!CarSecondaryDataGuid', 'CAR data', 's'],
  ['65755a40-f146-43ea-8c91-36b85728fd35', 'crashdmp!CRASHDUMP_GUID_ID', 'crash dump driver', 's'],
  ['6752c89d-f789-48b8-a354-b868a3e6f989', 'Intel wireless driver', 'driver version and state', 'c', 'private'],
  ['67fc721a-2852-4f62-a3b1-2afc53953777', 'amdppm', 'in-flight recorder log', 'c'],
  ['67fc721a-2853-4f62-a3b1-2afc53953777', 'amdppm', 'in-flight recorder log', 'c'],
  ['6c7ac389-4313-47dc-9f34-a8800a0fb56c', 'mssmbios!SMBiosGuidBios', 'hardware description registry values', 's', 'private'],
  ['6de4c85a-57f3-4cda-82fe-c8855a58f8e4', '', '', 'c', 'private'],
  ['7b581fa7-81c2-423f-a65c-1266fb10603d', '', 'hypervisor identity', 'c', 'private'],
  ['80cc79cf-a719-4af1-bf97-fe29ff76ebc1', 'nt!PopBlackBoxWinLogonGuid', 'winlogon black box', 's'],
  ['9276c055-eb87-425c-b8b5-04e4d247f6cd', 'pci!PCI_CFG_RECORD_GUID', 'PCI configuration space', 's'],
  ['9282756a-ab95-4d24-a137-ecddc5de53f5', 'nt!PspVsmLogBugCheckCallback', 'VSM failure log', 's'],
  ['a5d4cd4e-c8ea-4f88-9e21-a73170a76a06', '', 'wireless driver log', 'c', 'private'],
  ['b0692a5e-6b7b-4073-8a7c-604e35032970', 'nt!HvlSkCrashdumpGuid', 'secure kernel crash data', 's'],
  ['b7631941-532a-4cd6-b1b1-edb5917d4557', 'nt!PopBlackBoxPnpGuid', 'PnP black box', 's', 'private'],
  ['bc5c008f-1e3a-44d7-988d-86f6884c6758', 'mssmbios!SMBiosGuidSMBios', 'SMBIOS tables', 's', 'private'],
  ['be84d651-a550-4367-8e63-ab792b631f94', '', 'NT file paths', 'c', 'private'],
  ['bf2297dc-34ba-11dc-868a-e19155d89593', 'nvlddmkm', 'NVIDIA driver crash data', 'c', 'private'],
  ['c939c73b-17dc-4a44-904c-e2d987f52649', 'storport!GUID_STORPORT_PAGING_DEVICE_DUMP', 'StorPort paging device', 's'],
  ['d00ce1f5-d60c-41c2-af75-a4370c9976a3', 'dxgkrnl / display driver stack', 'display driver secondary data', 'c', 'private'],
  ['d03dc06f-d88e-44c5-ba2a-fae035172d19', 'mssmbios!SMBiosGuidRegisters', 'processor CPUID / registers', 's'],
  ['d6d379dc-c699-43e9-8c5e-f5fd8dd65780', '', 'page copy on 0x1C7 store corruption', 'c', 'private'],
  ['da82441d-7142-4bc1-b844-0807c5a4b67f', 'storport!GUID_DEVICEDUMP_DRIVER_STORAGE_PORT', 'StorPort device dump', 's'],
  ['e83b40d2-b0a0-4842-abea-71c9e3463dd1', 'mssmbios!SMBiosGuidAcpi', 'ACPI tables', 's', 'private'],
  ['f57308df-cc45-4e01-ad76-29a4ebb010ec', 'nt!PopBlackBoxBsdGuid', 'boot status data', 's'],
  ['f87e4a4c-c5a1-4d2f-bff0-d5de63a5e4c3', 'Wdf01000!WdfDumpGuid2', 'KMDF loaded drivers list', 's'],
];

const BY_GUID: ReadonlyMap<string, BlobName> = new Map(
  ROWS.map(([guid, owner, holds, basis, secret]) => [guid, { owner, holds, private: secret === 'private', basis: basis === 's' ? 'symbol' : 'content' }]),
);

/** `guid` in lower case with dashes. */
export function blobName(guid: string): BlobName | undefined {
  return BY_GUID.get(guid);
}
