/** Blocks of secondary data that are read, by their GUID; names and sources stand in dump/blobnames.ts. */
export const SECONDARY = {
  bootStatus: 'f57308df-cc45-4e01-ad76-29a4ebb010ec',
  ntfs: '00afe9c4-940d-4213-8016-cd3719b5bc20',
  pnp: 'b7631941-532a-4cd6-b1b1-edb5917d4557',
  winlogon: '80cc79cf-a719-4af1-bf97-fe29ff76ebc1',
  codeIntegrity: '4ee76bd8-3cf4-44a0-a0ac-3937643e37a3',
  pci: '9276c055-eb87-425c-b8b5-04e4d247f6cd',
  smbios: 'bc5c008f-1e3a-44d7-988d-86f6884c6758',
  processorValues: '6c7ac389-4313-47dc-9f34-a8800a0fb56c',
  processorRegisters: 'd03dc06f-d88e-44c5-ba2a-fae035172d19',
  acpi: 'e83b40d2-b0a0-4842-abea-71c9e3463dd1',
  storage: 'da82441d-7142-4bc1-b844-0807c5a4b67f',
  wdfDrivers: 'f87e4a4c-c5a1-4d2f-bff0-d5de63a5e4c3',
  wdfLog: '54c84888-01d1-4c1e-bed6-282c98241303',
  etw: '2b88b710-1c93-4f7c-b06c-655ecc50decc',
} as const;
export type SecondaryKind = keyof typeof SECONDARY;
